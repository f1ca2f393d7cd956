-- Rows accepted and rejected a day; a day with rejected rows has a line for each rule.
-- param: day date = last session  The last day looked at.
-- param: days integer = 30  How many calendar days up to it.
with accepted as (
  select dt, count(*) as accepted,
         sum(case when source like '%generated%' then 1 else 0 end) as generated,
         max(source) as source
  from bars
  where dt > cast(:day - interval '1' day * :days as date) and dt <= :day
  group by dt
),
rejected as (
  select dt, rule, count(*) as rejected
  from bars_rejected
  where dt > cast(:day - interval '1' day * :days as date) and dt <= :day
  group by dt, rule
)
select coalesce(accepted.dt, rejected.dt) as dt,
       coalesce(accepted.accepted, 0) as accepted,
       coalesce(rejected.rejected, 0) as rejected,
       rejected.rule,
       coalesce(accepted.generated, 0) as "generated",
       accepted.source
from accepted
full outer join rejected on rejected.dt = accepted.dt
order by dt, rejected.rule
