-- The largest gains and losses of a session, against the close before it.
-- param: day date = last session  The session.
-- param: top integer = 10  How many of each.
-- chart: bar symbol change_percent
with recent as (
  select symbol, dt, close, currency, source,
         lag(close) over (partition by symbol order by dt) as previous_close,
         lag(dt) over (partition by symbol order by dt) as previous_dt,
         lag(source) over (partition by symbol order by dt) as previous_source
  from bars
  where dt between cast(:day - interval '14' day as date) and :day
),
changes as (
  select symbol, dt, close, previous_close, previous_dt, currency,
         greatest(source, previous_source) as source,
         100.0 * (close / previous_close - 1) as change_percent
  from recent
  where dt = :day and previous_close > 0
),
ranked as (
  select changes.*,
         row_number() over (order by change_percent desc, symbol) as up_place,
         row_number() over (order by change_percent, symbol) as down_place
  from changes
)
select 'up' as direction, up_place as place, symbol, round(change_percent, 2) as change_percent,
       close, previous_close, previous_dt, currency, source
from ranked
where up_place <= :top and change_percent > 0
union all
select 'down', down_place, symbol, round(change_percent, 2), close, previous_close, previous_dt, currency, source
from ranked
where down_place <= :top and change_percent < 0
order by direction desc, place
