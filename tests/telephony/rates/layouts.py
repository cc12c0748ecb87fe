"""Layouts of public decks with made-up rows: what each is, its source, and its text.

The first group is imported as it stands, the second with `--map`, the third refused.
"""

# Twilio's list has the fields of its Pricing API (twilio.com/docs/voice/pricing-api), with
# destination_prefixes and origination_prefixes: several in a cell, and a price for each origin.
TWILIO = """ISO,Country,Description,Price / min,Origination Prefixes,Destination Prefixes
US,United States,United States,0.0140,ALL,"1"
GB,United Kingdom,UK - Mobile,0.0305,"+30, +31, +32","4474, 4475, 447700"
GB,United Kingdom,UK - Mobile,0.0820,ROW,"4474, 4475, 447700"
"""
# Telnyx gives its list to customers alone; these are the terms that it bills by.
TELNYX = """Country,Description,Destination Prefix,Interval 1,Interval N,Rate,Effective Date
France,France mobile,336,30,6,0.0290,2026-01-01
Germany,Germany,49,60,60,0.0110,2026-01-01
"""
# The columns of A2Billing's import of rates (CC_ratecard_import.php); semicolons and decimal commas
# as in its own samples (importsamples.php).
A2BILLING = """\
dialprefix;destination;rateinitial;buyrate;initblock;billingblock;connectcharge;startdate
34;Spain Fix;0,056;0,016;30;6;0;2008-03-07 21:21:38
34650;Spain Mobile;0,156;0,118;60;1;0,00;2008-03-07 21:21:38
"""
# ASTPP, assets/Rates_File/originationrates_sample.csv and terminationrates_sample.csv
ASTPP = """Code,Destination,Connect Cost,Included Seconds,Per Minute Cost,Increment,Precedence
93,Afghanistan - Fixed,0,0,0.24,60,0,
9370,Afghanistan - Mobile,0,0,0.31,60,0,
"""
ASTPP_TERMINATION = (
    '"Code","Prepend","Destination","Connect Cost","Included Seconds","Per Minute Cost",'
    '"Increment","Precedence"\n1,00,"UNITED STATES",0,0,0.01,6,0,\n'
)
# Kazoo's tasks/doc/rates.md
KAZOO = """\
"rate_cost","description","name","prefix","iso_country_code","rate_minimum","rate_increment"
"0.04","Ireland","IE","353","IE","60","6"
"""
# 46 Labs, rate decks of international termination (46labs.atlassian.net)
LABS = """code|duration|increment|rate_minute|effective_date
86|6|6|0.017|8/16/2022
"""
# JeraSoft's columns of a rate table (docs.jerasoft.net): SF is a set-up fee, Min and Int are billed
JERASOFT = """Code,Code Name,Policy,Rate,Effective Date,End Date,SF,Min,Int,Time Profile
27,South Africa,R,0.05,2026-01-01,,0,30,6,All time
"""
# Yeastar's P-Series (help.yeastar.com, rate parameters): the price of a unit of seconds
YEASTAR = """Name,Match Prefix,Number Length,Rate,Billable Unit(s),Initial Time(s),Initial Cost
Sweden,0046,,0.02,60,0,0
"""
# ictVoIP Billing (docs.ictvoip.ca, tariffs)
ICTVOIP = """Description\tPrefix\tRateValue\tIncrement
Canada - 204 Manitoba\t1204\t0.01\t6
"""
# MagnusBilling, issue 608: the format of many providers
MAGNUS = """prefix;description;price
7495;Russia - Moscow;0,04
"""
# DIDWW's outbound prices (doc.didww.com): a fee for a call, and destinations that are refused
DIDWW = """\
country,network,prefix,rate,connection_fee,initial_increment,recurring_increment,reject_calls
Japan,Fixed,81,0.03,0,60,60,false
"""
# Lists by country and area, as many carriers write their A-Z
AREAS = """ACME Telecom A-Z price list,,,,
Valid from 2026-01-01,,,,
Country,Country Code,Area Codes,Rate (USD),Billing Increment
Afghanistan,93,"70,71,79",0.29,60/6
"""

IMPORTED = {
    "Twilio": (TWILIO, {
        "1": ("US", "fixed", 14_000, 60, 60), "4474": ("GB", "mobile", 82_000, 60, 60),
        "4475": ("GB", "mobile", 82_000, 60, 60), "447700": ("GB", "mobile", 82_000, 60, 60),
        "4474 for 30 31 32": ("GB", "mobile", 30_500, 60, 60),
        "4475 for 30 31 32": ("GB", "mobile", 30_500, 60, 60),
        "447700 for 30 31 32": ("GB", "mobile", 30_500, 60, 60),
    }),
    "Telnyx": (TELNYX, {
        "336": ("FR", "mobile", 29_000, 30, 6), "49": ("DE", "fixed", 11_000, 60, 60),
    }),
    "A2Billing": (A2BILLING, {
        "34": ("ES", "fixed", 56_000, 30, 6), "34650": ("ES", "mobile", 156_000, 60, 1),
    }),
    "ASTPP": (ASTPP, {
        "93": ("AF", "fixed", 240_000, 60, 60), "9370": ("AF", "mobile", 310_000, 60, 60),
    }),
    "ASTPP termination": (ASTPP_TERMINATION, {"1": ("US", "fixed", 10_000, 6, 6)}),
    "Kazoo": (KAZOO, {"353": ("IE", "fixed", 40_000, 60, 6)}),
    "46 Labs": (LABS, {"86": ("CN", "fixed", 17_000, 6, 6)}),
    "JeraSoft": (JERASOFT, {"27": ("ZA", "fixed", 50_000, 30, 6)}),
    "Yeastar": (YEASTAR, {"46": ("SE", "fixed", 20_000, 60, 60)}),
    "ictVoIP": (ICTVOIP, {"1204": ("CA", "fixed", 10_000, 6, 6)}),
    "MagnusBilling": (MAGNUS, {"7495": ("RU", "fixed", 40_000, 60, 60)}),
    "DIDWW": (DIDWW, {"81": ("JP", "fixed", 30_000, 60, 60)}),
    "country and area": (AREAS, {
        "9370": ("AF", "mobile", 290_000, 60, 6), "9371": ("AF", "mobile", 290_000, 60, 6),
        "9379": ("AF", "mobile", 290_000, 60, 6),
    }),
}  # fmt: skip

REFUSED = {
    # 46 Labs' decks of North America have a price for each jurisdiction.
    "46 Labs by jurisdiction": (
        "code,duration,increment,interrate,intrarate,ijrate,effective_date\n"
        "1934226,6,6,0.007,0.007,0.007,8/16/2022\n",
        "no column for price_per_minute",
    ),
    # CGRateS keeps prices apart from prefixes (docs/csv_tprates.rst).
    "CGRateS": (
        "Tag,ConnectFee,Rate,RateUnit,RateIncrement,GroupIntervalStart\nMOBILE,0,0.02,60s,10s,0s\n",
        "no column for prefix",
    ),
    # A2Billing's samples and TransNexus' lists have no header.
    "A2Billing without a header": (
        "1;US;0,070;0,050\n34;Spain Fix;0,056;0,016\n",
        "its columns: 1, US",
    ),
    "no header": ("+1831\t0.0045\tUSA - CA\n", "no column for prefix"),
    "another currency": ("Prefix,Rate,Currency\n49,0.02,EUR\n", "in EUR"),
    "currency in the header": ("Prefix,Rate €\n49,0.02\n", "no column for price_per_minute"),
    "two prices": ("Prefix,Rate,Price\n49,0.02,0.03\n", "Rate or Price|Price or Rate"),
    "fee": ("Prefix,Rate,Connect Fee\n49,0.02,0.05\n", "connection fee of 0.05"),
    "price of half a minute": ("Prefix,Rate,Billable Unit(s)\n49,0.02,30\n", "for 30 seconds"),
    "blocked": ("Prefix,Rate,Blocked\n49,0.02,yes\n", "is blocked"),
    "incoming": ("Prefix,Rate,Direction\n49,0.02,inbound\n", "not outbound"),
    "ended": ("Prefix,Rate,End Date\n49,0.02,2020-01-01\n", "ended on 2020-01-01"),
    "prefixes with blanks": ("Prefix,Rate\n49 30 40,0.02\n", "not '49 30 40'"),
    "country and area with a dash": ("Prefix,Rate\n52-55,0.02\n", "no range"),
    "number of a spreadsheet": ("Prefix,Rate\n4.47E+11,0.02\n", "a prefix is"),
    "either day": ("Prefix,Rate,Effective\n49,0.02,03/04/2099\n", "may be two days"),
    "unquoted comma": ("Prefix,Rate\n49,0,02\n", "must have 2 columns"),
    "open quote": ('Prefix,Description,Rate\n49,"Germany,0.02\n33,France,0.02\n', "line 2 .*quote"),
    "NUL": ("Prefix,Description,Rate\n49,Ger\0many,0.02\n", "line 2 .*NUL"),
    "invisible": ("Prefix,Description,Rate\n49,Ger\x1bmany,0.02\n", "invisible"),
    "first day": ("Prefix,Rate,Effective\n49,0.02,0001-01-01T00:00:00+14:00\n", "years 2000 to"),
    "last day": ("Prefix,Rate,Effective\n49,0.02,9999-12-31T23:59:59-12:00\n", "years 2000 to"),
    "empty": ("", "the file is empty"),
}  # fmt: skip
