-- The most traded symbols of a session, and how that compares with their 20 sessions before.
-- param: day date = last session  The session.
-- param: top integer = 10  How many.
-- chart: bar symbol volume
with recent as (
  select symbol, dt, close, volume, currency, source,
         avg(volume) over (partition by symbol order by dt rows between 20 preceding and 1 preceding) as average_volume_20
  from bars
  where dt between cast(:day - interval '45' day as date) and :day
),
ranked as (
  select recent.*, row_number() over (order by volume desc, symbol) as place
  from recent
  where dt = :day
)
select place, symbol, volume, round(average_volume_20, 0) as average_volume_20,
       round(volume / nullif(average_volume_20, 0), 2) as times_average,
       close, round(close * volume, 0) as turnover, currency, source
from ranked
where place <= :top
order by place
