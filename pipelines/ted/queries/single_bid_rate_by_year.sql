-- How often there was only one tender, by year: of contracts awarded whose number of tenders is known.
-- param: country text = all  Of the buyer, ISO 3166-1 alpha-2.
-- chart: line year percent
select year(publication_date) as year, count(*) as contracts, count(*) filter (where tenders = 1) as with_one_tender,
       round(100.0 * count(*) filter (where tenders = 1) / count(*), 1) as percent, round(avg(tenders), 1) as mean_tenders,
       count(*) filter (where regexp_matches(notice_id, '^9(\d{5}|\d{7})-')) as generated
from awards
where tenders > 0 and coalesce(status, 'awarded') = 'awarded' and :country in ('all', country)
group by 1
order by 1
