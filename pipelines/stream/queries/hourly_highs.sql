-- The highest price of each company and hour, and the minute or minutes in which it was reached.
-- The same text runs here, in Athena and in Trino. ts is local time of the exchange: 2020-05-14 09:30:00-04:00.
with bars as (
  -- A day that was collected again is there once, whatever engine reads the files.
  select name, ts,
         max(cast(high as double)) as high,
         max(case when generated then 1 else 0 end) as generated
  from finance_stream_data
  group by name, ts
),
hours as (
  select name, substr(ts, 1, 13) as hour, max(high) as high
  from bars
  group by name, substr(ts, 1, 13)
)
select bars.name as company,
       hours.hour as hour,
       bars.ts as ts,
       round(bars.high, 4) as high,
       case when bars.generated = 1 then 'made up' else 'yahoo' end as source
from bars
join hours
  on bars.name = hours.name
 and substr(bars.ts, 1, 13) = hours.hour
 and bars.high = hours.high
order by bars.name, hours.hour, bars.ts
