-- The buyers that awarded most, in one currency.
-- param: currency text = EUR  Of the contracts' values; nothing is converted.
-- param: year text = all  Of publication.
-- param: top integer = 20  How many.
-- chart: bar buyer,country millions
select left(n.buyer_name, 48) as buyer, coalesce(n.buyer_country, a.country) as country, count(*) as contracts,
       count(distinct a.notice_id) as notices, round(sum(a.value) / 1e6, 2) as millions,
       count(*) filter (where regexp_matches(a.notice_id, '^9(\d{5}|\d{7})-')) as generated
from awards a join notices n using (notice_id, version)
where a.currency = :currency and a.value > 0 and :year in ('all', cast(year(a.publication_date) as varchar))
group by all
order by millions desc, buyer
limit :top
