-- What the screener says of a ticker's past: the state machine runs this (state runAthenaQuery). One row a ticker; the
-- last 252 of its own sessions count as its year.
with ranked as (
  select symbol, high, low, close, volume,
         row_number() over (partition by symbol order by date desc) as age
  from bars
)
select symbol,
       count(*) as sessions,
       max(high) as high_52w,
       min(low) as low_52w,
       avg(case when age <= 20 then volume end) as volume_20d,
       avg(case when age <= 50 then close end) as average_50d,
       max(case when age = 2 then close end) as close_1d,
       max(case when age = 22 then close end) as close_1m,
       max(case when age = 252 then close end) as close_1y
from ranked
where age <= 252
group by symbol
order by symbol
