-- Spend by the buyers' country and CPV division: contracts awarded, in one currency.
-- param: currency text = EUR  Of the contracts' values; nothing is converted.
-- param: year text = all  Of publication.
-- param: top integer = 20  How many.
-- chart: bar country,cpv_division millions
select coalesce(a.country, '?') as country, left(n.cpv_main, 2) as cpv_division, count(*) as contracts,
       round(sum(a.value) / 1e6, 2) as millions, round(median(a.value)) as median_value,
       count(*) filter (where regexp_matches(a.notice_id, '^9(\d{5}|\d{7})-')) as generated
from awards a join notices n using (notice_id, version)
where a.currency = :currency and a.value > 0 and :year in ('all', cast(year(a.publication_date) as varchar))
group by all
order by millions desc, country, cpv_division
limit :top
