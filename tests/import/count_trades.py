"""Counts the trades of recorded files by itself and compares the counts with those of an import.

    count_trades.py LOCKSTEP DATA

Nothing here knows of layouts: each file is counted by a few lines of its own. Sizes are summed as
decimals. Exit code 77: there are no recorded data.
"""
import collections
import csv
import gzip
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from decimal import Decimal, getcontext

getcontext().prec = 60


def text_of(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def table(text):
    return csv.DictReader(io.StringIO(text))


def number(text):
    return Decimal(str(text).replace(",", ""))


def rows(pairs):
    """Trades and volume by market."""
    count = collections.Counter()
    volume = collections.defaultdict(Decimal)
    for market, size in pairs:
        count[market] += 1
        volume[market] += number(size)
    return {market: (count[market], volume[market]) for market in count}


def positional(market, column):
    def count(path):
        lines = [line for line in csv.reader(io.StringIO(text_of(path))) if line]
        return rows((market, line[column]) for line in lines if line[0][0].isdigit())
    return count


def named(market, size, keep=lambda row: True):
    def count(path):
        return rows((market(row), row[size]) for row in table(text_of(path)) if keep(row))
    return count


def documents(path_of, market, size):
    def count(path):
        found = json.loads(text_of(path), parse_float=Decimal)
        for key in path_of:
            found = found[key]
        return rows((market(entry), size(entry)) for entry in found)
    return count


def stream(kinds):
    def count(path):
        pairs = []
        for line in text_of(path).splitlines():
            event = json.loads(line[line.index("{"):])
            event = event.get("data", event)
            if event.get("e") in kinds and event.get("X", "MARKET") == "MARKET":
                pairs.append((event["s"], event["q"]))
        return rows(pairs)
    return count


def lines(market, size):
    def count(path):
        return rows((market(e), size(e)) for e in map(json.loads, text_of(path).splitlines()))
    return count


def both_sides(path):
    """Each trade is told by two fills that share its number, within a block."""
    pairs = []
    for line in text_of(path).splitlines():
        trades = {fill["tid"]: (fill["coin"], fill["sz"]) for _, fill in json.loads(line)["events"]}
        pairs += trades.values()
    return rows(pairs)


def ticks(path):
    pairs = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts = pathlib.PurePath(name).stem.split("_")
            for line in archive.read(name).decode().split():
                _, _, size, _, _, suspicious = line.split(",")
                if suspicious == "0" and number(size) != 0:
                    pairs.append((parts[1] + "_" + parts[-1], size))
    return rows(pairs)


def binary(symbol, length, action_at, size_at):
    def count(path):
        data = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
        records = data[8 + struct.unpack("<I", data[4:8])[0]:]
        pairs = []
        for i in range(0, len(records), length):
            if records[i + action_at:i + action_at + 1] == b"T":
                pairs.append((symbol, struct.unpack("<I", records[i + size_at:i + size_at + 4])[0]))
        return rows(pairs)
    return count


def kraken(path):
    result = json.loads(text_of(path))["result"]
    return rows((pair, entry[1]) for pair, entries in result.items() if pair != "last"
                for entry in entries)


COUNTERS = {
    "public/BTCUSDT-trades-2024-08-08.csv": positional("BTCUSDT", 2),
    "public/ETHUSDT-aggTrades-2024-08-08.csv": positional("ETHUSDT", 2),
    "public/binance_spot_btcusdt_20240808.stream.gz": stream({"trade"}),
    "public/ws_agg.txt": stream({"aggTrade"}),
    "public/ws_noprefix.txt": stream({"trade"}),
    "public/ws_raw_nowrap.txt": stream({"trade"}),
    "public/json_binance_test_data_spot_http_json_trades_response.json":
        documents([], lambda e: "BNBBTC", lambda e: e["qty"]),
    "public/hl_node_trades.jsonl": lines(lambda e: e["coin"], lambda e: e["sz"]),
    "public/hl_userfills.json": documents([], lambda e: e["coin"], lambda e: e["sz"]),
    "public/hl_http_recent_trades_btc.json":
        documents([], lambda e: e["coin"], lambda e: e["sz"]),
    "public/json_bybit_test_data_ws_public_trade.json":
        documents(["data"], lambda e: e["s"], lambda e: e["v"]),
    "public/json_bitmex_test_data_http_get_trades.json":
        documents([], lambda e: e["symbol"], lambda e: e["size"]),
    "public/json_deribit_test_data_http_get_last_trades.json":
        documents(["result", "trades"], lambda e: e["instrument_name"], lambda e: e["amount"]),
    "public/json_kraken_test_data_http_trades.json": kraken,
    "public/json_okx_test_data_http_get_trades.json":
        documents(["data"], lambda e: e["instId"], lambda e: e["sz"]),
    "public/kraken_BCHEUR.csv": positional("BCHEUR", 2),
    "public/freqtrade_public_trades_list.csv": named(lambda row: "ETH/USDT:USDT", "amount"),
    "public/tardis_bitmex_trades_XBTUSD.csv":
        named(lambda row: row["exchange"] + ":" + row["symbol"], "amount"),
    "public/nepse_01_04_2021.csv.gz": named(lambda row: row["Symbol"], "Quantity"),
    "public/nepse_2019_17th_Nov.csv.gz": named(lambda row: row["Stock_Symbol"], "Quantity"),
    "public/nepse_raw_2024-04-09.gz": named(lambda row: row["stockSymbol"], "contractQuantity"),
    "public/db_futures_trades.dbn.zst": binary("ESU4", 48, 28, 24),
    "cme_es_order_events/esh4-glbx-mdp3-20231225.mbo.dbn.zst": binary("ESH4", 56, 38, 32),
    "nepse_trades/02_18_2021.csv.gz": named(lambda row: row["Symbol"], "Quantity"),
    "binance_trades/trades_all.csv.gz":
        named(lambda row: row["market"] + ":" + row["symbol"], "qty",
              lambda row: number(row["qty"]) != 0),
    "binance_trades/usdm_btcusdt_20240808.raw.gz": stream({"trade"}),
    "comex_gold_futures/gc_20131007_trade.zip": ticks,
    "comex_gold_futures/gc_20131008_trade.zip": ticks,
    "hyperliquid_fills/node_fills_by_block.jsonl.gz": both_sides,
}
SYMBOLS = {
    "public/freqtrade_public_trades_list.csv": "ETH/USDT:USDT",
    "public/json_binance_test_data_spot_http_json_trades_response.json": "BNBBTC",
}


def imported(lockstep, path, symbol):
    with tempfile.TemporaryDirectory() as folder:
        command = [lockstep, "import", path, "-o", os.path.join(folder, "log"), "--json"]
        done = subprocess.run(command + (["--symbol", symbol] if symbol else []),
                              capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr.strip()
        replayed = subprocess.run(
            [lockstep, "replay", os.path.join(folder, "log"), "--verify", "--workers", "2"],
            capture_output=True, text=True)
        if replayed.returncode != 0 or "rejected 0," not in replayed.stdout:
            return "replay: " + replayed.stdout + replayed.stderr
    summary = json.loads(done.stdout)
    return {m["name"]: (m["trades"], Decimal(m["volume"])) for m in summary["market_list"]}


def main():
    lockstep, data = sys.argv[1], pathlib.Path(os.environ.get("LOCKSTEP_DATA") or sys.argv[2])
    if not data.is_dir():
        print("skipped, data not present")
        return 77
    wrong = 0
    for name, counter in COUNTERS.items():
        expected = counter(data / name)
        actual = imported(lockstep, data / name, SYMBOLS.get(name))
        wrong += actual != expected
        trades = sum(count for count, _ in expected.values())
        print("ok  " if actual == expected else "BAD ", name, trades, "trades")
        if actual != expected:
            print("  counted ", expected, "\n  imported", actual)
    return 1 if wrong else 0


sys.exit(main())
