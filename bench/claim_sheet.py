"""Sentences a person wrote about a night, true and false, kept apart from those the check was made with.

Each entry is what was seen and what may be said of it; `+` is true, `-` is false. Numbers in brackets are the items a
sentence points at.
"""

from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Gathering, Origin

SEEN = (
    "Alarm SameErrorRateHigh is in ALARM since 2026-03-04T03:12:00Z: 137 was greater than the threshold 100.",
    '{"timestamp":"2026-03-04T03:11:48.201Z","level":"ERROR","message":"validation failed: CURRENCY_ERROR","module":'
    '"validate","run_id":"20260304T030000Z","source_file_id":"f-0412"}',
    '{"timestamp":"2026-03-04T03:11:59.900Z","level":"CRITICAL","message":"circuit breaker open: 137 CURRENCY_ERROR in '
    '3600 s, halting","module":"breaker","run_id":"20260304T030000Z","count":137}',
    "Execution daily-20260304 of etl-prod ended FAILED at 2026-03-04T03:12:03Z: States.TaskFailed in state Validate.",
    "control/circuit_breaker/transactions.json: state OPEN, error_type CURRENCY_ERROR, since 2026-03-04T03:12:00Z.",
    "Rule daily-etl is ENABLED with schedule cron(0 2 * * ? *).",
    "R-51 circuit-breaker was started by Ana at 2026-03-04T03:19:40Z in #lake-incidents.",
    "Q-77 (disable the rule daily-etl) was approved by Bo at 2026-03-04T03:21:10Z.",
    "Q-78 (half-open the breaker) was declined by Cy at 2026-03-04T03:24:00Z: wait for the vendor.",
    "Q-79 (half-open the breaker) was approved by Cy at 2026-03-04T03:40:30Z.",
    "Probe of f-0412: 1 of 1 files read, 0 errors, 4,812 rows valid.",
    "Object silver/transactions/_LATEST.json was not changed between 02:00 and 03:45 UTC.",
    "R-51 ended: repaired. Schedule daily-etl resumed at 2026-03-04T03:47:00Z. Nothing is owed.",
    "ana: the vendor shipped amounts in EUR without the code, they say a new file is on its way",
    "Metric QuarantinedRows of run 20260304T030000Z: 6,210 of 101,300 rows (6.13 %).",
    "Glue job run jr_9f2 of etl-silver: SUCCEEDED in 412 s, 10 workers, error message none.",
    "promotion refused: run 20260304T030000Z has no _SUCCESS",
    "AthenaQueueTimeHigh went from ALARM to OK at 2026-03-04T04:02:00Z.",
    "DLQ etl-failures-dlq: 3 messages visible, none in flight.",
    "could not confirm: schedule resumed = false",
    "Query 0a1b2c3d scanned 64.2 GB in 48 s and was not cancelled; the workgroup limit is 50 GB.",
    "Build lake-deploy:91 FAILED in phase BUILD: terraform apply: Error acquiring the state lock.",
    "State lock held by user ci since 2026-03-04T01:02:03Z, age 8,230 s.",
    "All 31 partitions of transactions for 2026-03 are present in the catalogue.",
)
AWS = {1, 4, 5, 6, 12, 15, 16, 18, 19, 21, 22, 23, 24}
RECORDS = {7, 8, 9, 10, 11, 13, 17, 20}
SAID = """
+ The alarm SameErrorRateHigh went off at 03:12 UTC with 137 errors against a threshold of 100. [1]
- The alarm SameErrorRateHigh went off at 03:12 UTC with 137 errors against a threshold of 150. [1]
- The alarm SameErrorRateHigh went off at 03:21 UTC with 137 errors. [1]
- The value of 137 was below the threshold of 100. [1]
+ Validation of f-0412 failed with CURRENCY_ERROR. [2]
- Validation of f-0412 passed. [2]
- Validation of f-0421 failed with CURRENCY_ERROR. [2]
- Validation of f-0412 failed with TYPE_ERROR. [2]
+ After 137 CURRENCY_ERROR within an hour the circuit breaker opened and the run halted. [3]
+ The breaker opened on 137 CURRENCY_ERROR in 60 minutes. [3]
- The breaker opened on 137 CURRENCY_ERROR in 30 minutes. [3]
- The circuit breaker stayed closed although there were 137 CURRENCY_ERROR. [3]
+ The execution daily-20260304 failed in state Validate at 03:12 UTC. [4]
- The execution daily-20260304 completed at 03:12 UTC. [4]
- The execution daily-20260305 failed in state Validate. [4]
+ The breaker file for transactions has been open since 03:12 UTC on 4 March. [5]
- The breaker file for transactions has been half-closed, not open, since 03:12 UTC. [5]
+ The rule daily-etl is still enabled. [6]
- The rule daily-etl is disabled. [6]
- The rule daily-etl is not enabled. [6]
+ Ana started R-51 at 03:19. [7]
- Bo started R-51 at 03:19. [7]
- Ana started R-52 at 03:19. [7]
+ Bo approved disabling the rule daily-etl (Q-77) at 03:21 UTC. [8]
- Ana approved disabling the rule daily-etl (Q-77). [8]
- Bo declined Q-77. [8]
+ Cy declined Q-78 at 03:24, asking to wait for the vendor. [9]
- Cy approved Q-78 at 03:24. [9]
+ Cy first declined and later approved half-opening the breaker (Q-78, Q-79). [9, 10]
+ The probe of f-0412 read 1 file without errors; 4812 rows were valid. [11]
- The probe of f-0412 found errors in 4812 rows. [11]
- The probe of f-0412 failed. [11]
+ The pointer silver/transactions/_LATEST.json did not change between 02:00 and 03:45 UTC. [12]
- The pointer silver/transactions/_LATEST.json was changed between 02:00 and 03:45 UTC. [12]
+ R-51 repaired it and the schedule daily-etl resumed at 03:47 UTC. [13]
- R-51 ended and did not repair it. [13]
- The schedule daily-etl is still paused after R-51. [13]
+ Ana reports that the vendor shipped amounts without the code and that a new file is on its way. [14]
- Dee reports that the vendor shipped amounts without the code. [14]
+ 6210 of 101,300 rows, 6.13 %, were quarantined in run 20260304T030000Z. [15]
- 6210 of 101,300 rows, 6.31 %, were quarantined in run 20260304T030000Z. [15]
- 101,300 of 6210 rows were quarantined. [15]
+ The Glue job run jr_9f2 succeeded in 412 s with ten workers. [16]
- The Glue job run jr_9f2 failed after 412 s. [16]
- The Glue job run jr_9f2 succeeded in 421 s. [16]
+ Promotion of run 20260304T030000Z was refused because it has no _SUCCESS. [17]
- Promotion of run 20260304T030000Z was accepted. [17]
- Promotion of run 20260304T030000Z was refused although its _SUCCESS exists. [17]
+ AthenaQueueTimeHigh returned to OK at 04:02 UTC. [18]
- AthenaQueueTimeHigh returned to OK at 04:20 UTC. [18]
+ Three messages are visible in etl-failures-dlq and none is in flight. [19]
- Four messages are visible in etl-failures-dlq. [19]
- All messages of etl-failures-dlq are in flight. [19]
- The schedule resumed. [20]
+ It could not be confirmed that the schedule resumed. [20]
+ Query 0a1b2c3d scanned 64.2 GB, more than the limit of 50 GB, and was not cancelled. [21]
- Query 0a1b2c3d scanned 64.2 GB and was cancelled. [21]
- Query 0a1b2c3d scanned 50 GB in 48 s. [21]
- Query 0a1b2c3d scanned 64.2 MB. [21]
+ The build lake-deploy:91 failed in phase BUILD, unable to acquire the state lock. [22]
- The build lake-deploy:91 succeeded. [22]
+ The state lock has been held by ci since 01:02 UTC for 8230 s. [23]
- The state lock was released by ci at 01:02 UTC. [23]
- The state lock has been held by ci for 8320 s. [23]
+ Every one of the 31 partitions of transactions for 2026-03 is present. [24]
- None of the 31 partitions of transactions for 2026-03 is present. [24]
- All 31 partitions of transactions for 2026-03 are missing. [24]
- All 30 partitions of transactions for 2026-03 are present. [24]
+ The breaker opened at 03:12 UTC, seven minutes before Ana started R-51. [5, 7]
+ Two requests, Q-78 and Q-79, asked to half-open the breaker. [9, 10]
- Deleting the bucket would help. [1]
- See https://lake-status.example for details. [1]
- The outage cost 40,000 euro. [15]
- Eve broke the pipeline. [4]
"""


def sheet() -> tuple[Evidence, list[tuple[bool, Claim]]]:
    """Return the night's evidence and what was said of it, each with whether it is true."""
    gathering = Gathering()
    for number, text in enumerate(SEEN, start=1):
        origin = Origin.AWS if number in AWS else Origin.RECORDS if number in RECORDS else Origin.TEXT
        gathering.add("log", text, origin=origin, source="the night")
    said = []
    for entry in SAID.strip().splitlines():
        sentence, _, ids = entry[2:].rstrip("]").rpartition(" [")
        items = tuple(f"E{number.strip()}" for number in ids.split(","))
        said.append((entry[0] == "+", Claim(text=sentence, kind=Kind.OBSERVED, evidence=items)))
    return gathering.evidence().model_copy(update={"derived": {"from_breaker_to_run": "seven minutes"}}), said
