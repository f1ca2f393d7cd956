-- The highest high and the lowest low of the 52 weeks up to a session, their days, and where the close stands between.
-- param: day date = last session  The last session of the 52 weeks.
-- param: symbol text = *  One symbol, or * for all.
with year_of_bars as (
  select symbol, dt, high, low, close, currency, source,
         row_number() over (partition by symbol order by high desc, dt desc) as high_place,
         row_number() over (partition by symbol order by low, dt desc) as low_place,
         row_number() over (partition by symbol order by dt desc) as last_place
  from bars
  where dt between cast(:day - interval '364' day as date) and :day
    and (:symbol = '*' or symbol = :symbol)
),
extremes as (
  select symbol,
         max(case when last_place = 1 then dt end) as dt,
         max(case when last_place = 1 then close end) as close,
         max(high) as high_52w,
         max(case when high_place = 1 then dt end) as high_dt,
         min(low) as low_52w,
         max(case when low_place = 1 then dt end) as low_dt,
         max(currency) as currency,
         max(source) as source
  from year_of_bars
  group by symbol
)
select symbol, dt, close, high_52w, high_dt, low_52w, low_dt,
       round(100.0 * (close - low_52w) / nullif(high_52w - low_52w, 0), 1) as percent_of_range,
       case when high_dt = dt then 'new high' when low_dt = dt then 'new low' else '' end as mark,
       currency, source
from extremes
order by symbol
