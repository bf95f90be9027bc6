"""A local Polymarket: CLOB, Data API, Gamma, RTDS and settlement on loopback, with a ledger as the truth.

`localvenues polymarket --dir DIR [--seed N] [--fund 0xADDRESS ...] [--faults ...] [--speed X]` writes
DIR/venue.json when it is ready:

    {"chain_id": 80002, "seed": 1, "speed": 1.0, "started": 1790000000.0,
     "clob": "http://127.0.0.1:P",        CLOB REST; paths as on clob.polymarket.com
     "clob_ws": "ws://127.0.0.1:P/ws",    append /market or /user
     "data_api": "http://127.0.0.1:P",    v1 (/trades, /activity, ...) and v2 (/v2/trades, ...)
     "gamma": "http://127.0.0.1:P",       /markets, /markets/keyset, /events, /public-search ...
     "rtds": "ws://127.0.0.1:P",          topic activity, types trades and orders_matched
     "relayer": "http://127.0.0.1:P",     POST /submit: redeem, split, merge; GET /transaction?id=
     "control": "http://127.0.0.1:P",     for those who run the venue, not for bots
     "contracts": {"exchange", "neg_risk_exchange", "conditional_tokens", "neg_risk_adapter", "collateral"},
     "funded": {"0xADDRESS": "10000000000"},               pUSD in 6-decimal units, as text
     "leaders": ["0x...", ...],
     "markets": [{"condition_id", "slug", "question", "token_ids": [first, second], "outcomes": [..],
                  "tick_size": "0.01", "min_order_size": "5", "neg_risk": false, "end": 1790003600}]}

The markets listed are those open at the start; short ones resolve and new ones open while the venue runs.

Time. Every timestamp on the wire is the venue's. With --speed 1 it is the wall clock; GET {clob}/time tells
it (whole seconds). --speed 0 stops the clock: it moves by POST {control}/advance {"seconds": S} alone.

Orders. POST {clob}/order with L2 headers; the order is signed as EIP-712 "Polymarket CTF Exchange" version
"2" with the chain id and the exchange (or neg-risk exchange) of venue.json. The order's id is that digest as
0x-hex. API keys: POST /auth/api-key (400 if there is one), GET /auth/derive-api-key, with L1 headers.
A market BUY (FOK, FAK) spends makerAmount dollars and takes what they buy; a limit BUY takes takerAmount
shares. GET /data/order/{id} answers 404 for an id that was never accepted. Trades: status plain on the user
socket, with the prefix TRADE_STATUS_ on REST. A balance counts a fill when it is MINED; CONFIRMED is final.

Relayer. POST {relayer}/submit with L2 headers and {"type": "REDEEM" | "SPLIT" | "MERGE",
"conditionId": "0x...", "amount": "12.5"} (amount in shares, not for REDEEM) answers {"transactionID",
"transactionHash", "state": "STATE_NEW"}; GET {relayer}/transaction?id=... answers a list of one
{"transaction_id", "transaction_hash", "state": "STATE_NEW" | "STATE_MINED" | "STATE_CONFIRMED",
"error_msg"}. It stands in for the chain and the real relayer; its body is the venue's own.

Control. GET /status; GET /truth?address=0x... (cash, held, positions, fees, orders by status: 6-decimal
units as text); GET /truth/fills?address=0x...&after=0 (each settled fill, with role, transaction, token,
side, size, cash, fee, order and times); GET /truth/orders?address=0x...; GET /requests?after=0; POST /fault
{"name", "seconds", "start", "seed"}; POST /fund {"address", "amount"}; POST /resolve {"condition_id",
"winner"}; POST /advance {"seconds"}.

Rooms: `exchange` (book, matching, ledger, settlement), `world` (markets, prices, crowd, leaders, history) and
`wire` (shapes, signatures) are pure: time in milliseconds is an argument. `doors` serves them.
"""
