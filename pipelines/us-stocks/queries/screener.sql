-- The screener: the largest companies by market value, what they cost and what they earn.
-- param: sector text = all  Only of this sector.
-- param: top integer = 20  How many.
-- chart: bar symbol market_cap_millions
select symbol, left(name, 32) as name, sector, close, round(change_1d_percent, 2) as day_percent,
       round(change_1m_percent, 2) as month_percent, round(market_cap / 1e6) as market_cap_millions, pe,
       round(100 * dividend_yield, 2) as yield_percent, volume, as_of, source
from screener
where :sector in ('all', sector) and not coalesce(is_etf, false)
order by market_cap desc nulls last, symbol
limit :top
