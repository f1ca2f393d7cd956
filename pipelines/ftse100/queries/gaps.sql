-- Opens far from the close before, and sessions that a symbol misses between its first and its last bar.
-- param: day date = last session  The last day looked at.
-- param: days integer = 30  How many calendar days up to it.
-- param: percent number = 5  The least price gap shown.
-- param: symbol text = *  One symbol, or * for all.
with span as (
  select symbol, dt, open, close, source,
         lag(close) over (partition by symbol order by dt) as previous_close
  from bars
  where dt between cast(:day - interval '1' day * (:days + 14) as date) and :day
),
looked_at as (
  select * from span where dt > cast(:day - interval '1' day * :days as date)
),
sessions as (
  select distinct dt from looked_at
),
symbols as (
  select symbol, min(dt) as first_dt, max(dt) as last_dt, max(source) as source
  from span
  where :symbol = '*' or symbol = :symbol
  group by symbol
)
select 'price gap' as kind, symbol, dt, previous_close, open,
       round(100.0 * (open / previous_close - 1), 2) as gap_percent, source
from looked_at
where previous_close > 0 and abs(100.0 * (open / previous_close - 1)) >= :percent
  and (:symbol = '*' or symbol = :symbol)
union all
select 'missing session', symbols.symbol, sessions.dt, cast(null as double), cast(null as double), cast(null as double),
       symbols.source
from symbols
cross join sessions
left join looked_at on looked_at.symbol = symbols.symbol and looked_at.dt = sessions.dt
where sessions.dt between symbols.first_dt and symbols.last_dt and looked_at.symbol is null
order by kind, dt, symbol
