-- The close of a session and its average over the last 20 sessions, for one symbol or all.
-- param: day date = last session  The session.
-- param: symbol text = *  One symbol, or * for all.
with recent as (
  select symbol, dt, close, currency,
         avg(close) over (partition by symbol order by dt rows between 19 preceding and current row) as average_20,
         count(*) over (partition by symbol order by dt rows between 19 preceding and current row) as sessions,
         max(source) over (partition by symbol order by dt rows between 19 preceding and current row) as source
  from bars
  where dt between cast(:day - interval '45' day as date) and :day
    and (:symbol = '*' or symbol = :symbol)
)
select symbol, dt, close, round(average_20, 4) as average_20,
       round(100.0 * (close / nullif(average_20, 0) - 1), 2) as above_percent,
       sessions, currency, source
from recent
where dt = :day
order by symbol
