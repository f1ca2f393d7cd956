-- The winners of most, in one currency. A group of winners counts as one.
-- param: currency text = EUR  Of the contracts' values; nothing is converted.
-- param: year text = all  Of publication.
-- param: top integer = 20  How many.
-- chart: bar winner,country millions
select left(winner_names, 48) as winner, left(winner_countries, 8) as country, count(*) as contracts,
       count(distinct notice_id) as notices, round(sum(value) / 1e6, 2) as millions,
       count(*) filter (where regexp_matches(notice_id, '^9(\d{5}|\d{7})-')) as generated
from awards
where currency = :currency and value > 0 and winner_names is not null
  and :year in ('all', cast(year(publication_date) as varchar))
group by all
order by millions desc, winner
limit :top
