BEGIN TRANSACTION;
CREATE TABLE approvals (
        id bigint primary key, revision integer not null, run bigint not null references runs,
        open boolean not null, doc text not null
    );
INSERT INTO "approvals" VALUES(1,3,1,0,'{"id":1,"run":1,"step":"pause","request":1,"binding":{"form":"approval/v1","installation":"abc","run":1,"team":"T1","channel":"C1","step":"pause","request":1,"authors":["U1"],"snapshot":"0000000000000000000000000000000000000000000000000000000000000000","library":"0000000000000000000000000000000000000000000000000000000000000000","account":"111122223333","role":"arn:aws:iam::111122223333:role/bot","risk":"change","needs":["platform"],"requester_may":false,"lifetime_s":900,"verification":[],"reason":"","reason_by":"","calls":[{"step":"pause","item":0,"index":0,"call":{"row":"events.pause","params":{"Name":"nightly"},"resource":"events:rule/nightly","many":null},"row_version":1,"host":"events.eu-west-1.amazonaws.com","seen":{"state":"ENABLED"},"after":null,"when":null,"expect":null,"undo":null,"effect":"Pauses the schedule.","changes":"ENABLED -> DISABLED","untouched":""},{"step":"resume","item":0,"index":0,"call":{"row":"events.resume","params":{"Name":"nightly"},"resource":"events:rule/nightly","many":null},"row_version":1,"host":"events.eu-west-1.amazonaws.com","seen":{"state":"ENABLED"},"after":0,"when":null,"expect":null,"undo":null,"effect":"Pauses the schedule.","changes":"ENABLED -> DISABLED","untouched":""}],"expires":"2026-11-23T12:15:00+00:00","nonce":"n"},"digest":"52fa1cfe8b0205f3d0b5c4ed3031e4370db7e4d4b5d269beb169464cb2f856fe","state":"consumed","candidates":{"platform":["U2","U3"]},"votes":[{"person":"U2","name":"U2","role":"platform","at":"2026-11-23T12:00:00Z"}],"asked_by":"U1","asked_at":"2026-11-23T12:00:00Z","expires":"2026-11-23T12:15:00Z","environment":"PROD","edition":1,"used":1,"ended":null,"ended_by":"","ended_why":"","level":0,"reasked":false,"glass":null,"revision":3}');
INSERT INTO "approvals" VALUES(2,2,2,1,'{"id":2,"run":2,"step":"pause","request":1,"binding":{"form":"approval/v1","installation":"abc","run":2,"team":"T1","channel":"C1","step":"pause","request":1,"authors":["U1"],"snapshot":"0000000000000000000000000000000000000000000000000000000000000000","library":"0000000000000000000000000000000000000000000000000000000000000000","account":"111122223333","role":"arn:aws:iam::111122223333:role/bot","risk":"change","needs":["platform"],"requester_may":false,"lifetime_s":900,"verification":[],"reason":"","reason_by":"","calls":[{"step":"pause","item":0,"index":0,"call":{"row":"events.pause","params":{"Name":"nightly"},"resource":"events:rule/nightly","many":null},"row_version":1,"host":"events.eu-west-1.amazonaws.com","seen":{"state":"ENABLED"},"after":null,"when":null,"expect":null,"undo":null,"effect":"Pauses the schedule.","changes":"ENABLED -> DISABLED","untouched":""},{"step":"resume","item":0,"index":0,"call":{"row":"events.resume","params":{"Name":"nightly"},"resource":"events:rule/nightly","many":null},"row_version":1,"host":"events.eu-west-1.amazonaws.com","seen":{"state":"ENABLED"},"after":0,"when":null,"expect":null,"undo":null,"effect":"Pauses the schedule.","changes":"ENABLED -> DISABLED","untouched":""}],"expires":"2026-11-23T12:15:00+00:00","nonce":"n"},"digest":"72b6345e71a8b72cad07c4b7ed490b2e6f1a91bea08687daa458b99954cbf768","state":"approved","candidates":{"platform":["U2","U3"]},"votes":[{"person":"U2","name":"U2","role":"platform","at":"2026-11-23T12:00:00Z"}],"asked_by":"U1","asked_at":"2026-11-23T12:00:00Z","expires":"2026-11-23T12:15:00Z","environment":"PROD","edition":1,"used":0,"ended":null,"ended_by":"","ended_why":"","level":0,"reasked":false,"glass":null,"revision":2}');
CREATE TABLE attempts (
        id integer primary key autoincrement, run bigint not null references runs, step text not null, item integer not null,
        position integer not null, request integer not null, approval bigint not null references approvals,
        place integer not null, owed boolean not null, holds text, releases text, owner text not null,
        state text not null, resend boolean not null, answer text, wrote text, words text not null,
        sent_at bigint, doc text not null, unique (run, step, item, position, request)
    );
INSERT INTO "attempts" VALUES(1,1,'pause',0,0,1,1,0,0,'schedule:nightly',NULL,'one','done',0,'{"found": true}',NULL,'',1795435200000000,'{"step":"pause","call":{"row":"events.pause","params":{"Name":"nightly"},"resource":"events:rule/nightly","many":null},"digest":"52fa1cfe8b0205f3d0b5c4ed3031e4370db7e4d4b5d269beb169464cb2f856fe","planned_at":"2026-11-23T12:00:00Z","holds":"schedule:nightly","releases":null}');
CREATE TABLE audit (
        seq bigint primary key, subject text not null, body text not null, hash text not null,
        signature text not null
    );
INSERT INTO "audit" VALUES(1,'Q-1','{"actor":"U1","at":"2026-11-23T12:00:00.000000+00:00","facts":{"state":"running"},"form":"audit/v1","key":"5f7ea21812fb707d","kind":"approval.consumed","previous":"9820a2da26b1c7586a965d539b8fb38f6592427d5eda028cf1b8f6c7c1913255","private":"","seq":1,"subject":"Q-1"}','531488b29549a7edc400e243394da8a299e945bb19d1196a0a179ddf2f524636','89a7e6c40c0136bc2a2a2e9207931a4b36e3dee3298a4677d04bdd8d9667774aa3ab9a4ca3c4876d182b9ca6dc246f84dae690a7c4a7cd057bbeeead81e6720f');
INSERT INTO "audit" VALUES(2,'R-1','{"actor":"aws","at":"2026-11-23T12:00:00.000000+00:00","facts":{"state":"running"},"form":"audit/v1","key":"5f7ea21812fb707d","kind":"call.answered","previous":"531488b29549a7edc400e243394da8a299e945bb19d1196a0a179ddf2f524636","private":"","seq":2,"subject":"R-1"}','1ee9dba3dce99419e458cae43fbdb0ced2f6c99ce65100ce47d536d131c9a326','418e79a8463cc5a1e482554145d4050b0fd8de58378f884e7ab1a493c89f7444b8d8bcf822a70897001decf20ba255c9fac51b0d8c8af547388e1d1adef4320a');
INSERT INTO "audit" VALUES(3,'INC-1','{"actor":"U1","at":"2026-11-23T12:00:00.000000+00:00","facts":{"state":"running"},"form":"audit/v1","key":"5f7ea21812fb707d","kind":"incident.declared","previous":"1ee9dba3dce99419e458cae43fbdb0ced2f6c99ce65100ce47d536d131c9a326","private":"e8e717194391c27488a3ffc47d921ac9f5af704a91b38db37b37a92146c81c0f","seq":3,"subject":"INC-1"}','e3e0bf779d641ff8b71d11f0cf6dc37041e73ee17e2e9714ad3f200dddfdd138','95806e7739c83004979f6c20e28f5cb9de7b3e62bdc8f1f7d3c8b57eef06be5e388eddb32c89ffca5ae4a84923d8bce26ad66ad631304dcbae0fc5dd815b1e04');
INSERT INTO "audit" VALUES(4,'R-1','{"actor":"U3","at":"2026-11-23T12:00:00.000000+00:00","facts":{"state":"running"},"form":"audit/v1","key":"5f7ea21812fb707d","kind":"wish.refused","previous":"e3e0bf779d641ff8b71d11f0cf6dc37041e73ee17e2e9714ad3f200dddfdd138","private":"7ca94531c2891c8ea7af60586bb9f27d1294888b8020f893fc3531dc7c8ba7f1","seq":4,"subject":"R-1"}','babe8ada49210b931b8696c822aad090376a67050154301453bd195d27d11bc8','a7eac4f184a8e94c12d2d96868e83477e0aa6d7ff5630f52e22c21b11ab56d412e966fd2638a9ddfd3f2338087fa1990c7e18a307cd6ab23827efa698bc25b09');
INSERT INTO "audit" VALUES(5,'audit','{"actor":"bot","at":"2026-11-23T12:00:00.000000+00:00","facts":{"naming":0,"person":"U3","written":1},"form":"audit/v1","key":"5f7ea21812fb707d","kind":"audit.erased","previous":"babe8ada49210b931b8696c822aad090376a67050154301453bd195d27d11bc8","private":"8f30894f4d4c6bd03af405bb1efe19a07ea32da659cc651a0a2ea585b642e281","seq":5,"subject":"audit"}','d220d05a455d7083041c6c64a4c7830d70f83686e3696d04f3c3316a4a663cc4','df9a22484709d83426dacbd93075f07048b67dbce081891dd5613ceadb385d3dff018ce8acd02a8f9ab2eb0b76ca4191ba1665deb292a3dcc19426ba8edc3603');
CREATE TABLE audit_private (
        seq bigint primary key references audit, salt text not null, text text not null
    );
INSERT INTO "audit_private" VALUES(3,'8bc6017bbea521aa2df67a9d1db38b5d','"load halted, said U1"');
INSERT INTO "audit_private" VALUES(5,'eceb00edf22098cd10ce7510df328e69','"they asked for it"');
CREATE TABLE beats (replica text primary key, at bigint not null);
CREATE TABLE cards (
        number integer primary key autoincrement, key text not null unique, urgent boolean not null, ts text, wanted integer not null,
        shown integer not null, edition integer not null, doc text not null, payload text not null
    );
INSERT INTO "cards" VALUES(1,'run:1',0,'1.1',1,1,1,'{"kind":"run","subject":1,"channel":"C1","under":null,"to":null}','{"words": "half-open"}');
CREATE TABLE claims (
        work text not null, "of" text not null, "by" text not null, until bigint not null,
        primary key (work, "of")
    );
CREATE TABLE counters (kind text primary key, last bigint not null);
INSERT INTO "counters" VALUES('approval',2);
INSERT INTO "counters" VALUES('run',2);
CREATE TABLE dialogs (
        number integer primary key autoincrement, key text not null unique, person text not null, until bigint not null, doc text not null
    );
INSERT INTO "dialogs" VALUES(1,'6d229884c1268bb0ab32d8da315d0fe52f9147228bd830a37bc9fb28a954940d','U1',1795438800000000,'approve:2:1');
CREATE TABLE drafts (id bigint primary key, revision integer not null, doc text not null);
INSERT INTO "drafts" VALUES(1,1,'{"id":1,"incident":1,"label":"INC-1","title":"load halted","place":{"team":"T1","channel":"C1","ts":null,"thread":null},"by":"U1","begun":"2026-11-23T12:00:00Z","since":"2026-11-23T11:00:00Z","until":"2026-11-23T12:00:00Z","groups":[],"about":[],"state":"ready","progress":"","share":0.0,"document":{"incident":"INC-7","title":"transactions load halted","severity":3,"number":1,"status":"DRAFT","since":"2026-01-21T02:00:03Z","until":"2026-01-21T03:31:03Z","times":{"began":"2026-01-21T02:07:03Z","detected":"2026-01-21T02:07:33Z","acknowledged":"2026-01-21T02:10:03Z","mitigated":"2026-01-21T02:31:03Z","resolved":null,"waited":"PT11M"},"parts":{"Summary":[{"text":"The nightly load stopped itself on bad currency values.","kind":"observed","evidence":["E1","E2"],"quote":"","by":""},{"text":"No wrong data was promoted.","kind":"inferred","evidence":["E3","E4"],"quote":"","by":""}],"Impact":[{"text":"612 of 10,000 rows went to quarantine.","kind":"observed","evidence":["E3"],"quote":"","by":""},{"text":"The execution failed.","kind":"observed","evidence":["E7"],"quote":"Execution 20260121 failed.","by":""},{"text":"A line said `validation failed` | [E1] *twice* in run_id_x, 1. of 2","kind":"observed","evidence":["E6"],"quote":"","by":""},{"text":"Reports were late until noon.","kind":"stated","evidence":[],"quote":"","by":"@cy"}],"Response and recovery":[{"text":"R-42 repaired the breaker 24 minutes after it began.","kind":"observed","evidence":["E4","E5"],"quote":"","by":""}]},"timeline":[{"at":"2026-01-21T02:07:03Z","text":"First CURRENCY_ERROR in the logs.","source":"log","evidence":["E2"],"by":"","key":"","link":""},{"at":"2026-01-21T02:07:33Z","text":"Alarm halted went off.","source":"alarm","evidence":["E1"],"by":"","key":"","link":""},{"at":"2026-01-21T02:16:03Z","text":"Q-9 approved as platform.","source":"approval","evidence":["E5"],"by":"U0BO","key":"","link":""},{"at":"2026-01-21T02:31:03Z","text":"R-42 ended repaired.","source":"run","evidence":["E4"],"by":"","key":"","link":""}],"candidates":[{"claim":{"text":"f-0193 carries an unknown currency code.","kind":"inferred","evidence":["E2"],"quote":"","by":""},"role":"trigger","backing":[{"text":"101 of 101 errors carry f-0193.","kind":"observed","evidence":["E2"],"quote":"","by":""}],"against":[{"text":"The execution failed before the alarm.","kind":"observed","evidence":["E7","E1"],"quote":"","by":""}],"unseen":["the source system"],"confirmed_by":""}],"actions":[{"text":"Reject unknown currency codes at landing.","evidence":["E2"],"owner":"","due":"","done":false}],"questions":["Who sends f-0193?"],"dropped":[{"claim":{"text":"It was the network.","kind":"observed","evidence":["E1"],"quote":"","by":""},"why":"E1 says nothing of a network."}],"evidence":{"items":[{"id":"E1","kind":"alarm","origin":"aws","source":"alarm of the lake","at":"2026-01-21T02:07:33Z","text":"Alarm halted went to ALARM: 101 > 100.","link":"","channel":null},{"id":"E2","kind":"log","origin":"aws","source":"log of the lake","at":"2026-01-21T02:07:03Z","text":"ERROR ×101: CURRENCY_ERROR, f-0193","link":"","channel":null},{"id":"E3","kind":"object","origin":"aws","source":"object of the lake","at":"2026-01-21T02:08:03Z","text":"612 of 10,000 rows are in quarantine.","link":"","channel":null},{"id":"E4","kind":"run","origin":"records","source":"run of the lake","at":"2026-01-21T02:31:03Z","text":"R-42 repaired: verification passed.","link":"","channel":null},{"id":"E5","kind":"approval","origin":"records","source":"approval of the lake","at":"2026-01-21T02:16:03Z","text":"Q-9 was approved by U0BO.","link":"","channel":null},{"id":"E6","kind":"log","origin":"text","source":"log of the lake","at":"2026-01-21T02:07:03Z","text":"validation failed: | `x` [E1] *not* zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz","link":"","channel":null},{"id":"E7","kind":"execution","origin":"aws","source":"execution of the lake","at":"2026-01-21T02:07:15Z","text":"Execution 20260121 failed.","link":"https://x.example/e","channel":null}],"derived":{"time_to_mitigate":"24 min"},"unread":["/aws-glue/jobs/output: access denied. None of it was read."]},"made":null},"text":"# INC-1\n","edition":1,"edits":[],"editions":[],"published":[],"published_edition":0,"struck":[],"chart":null,"seal":"","cancelled":false,"revision":1}');
CREATE TABLE episodes (
        id bigint primary key, revision integer not null, arn text not null, since text not null,
        open boolean not null, doc text not null, unique (arn, since)
    );
INSERT INTO "episodes" VALUES(1,1,'arn:alarm','2026-11-23T12:00:00Z',1,'{"id":1,"notice":{"name":"errors","arn":"arn:alarm","account":"111122223333","region":"eu-west-1","state":"ALARM","previous":"OK","reason":"","description":"","at":"2026-11-23T12:00:00Z","namespace":"","metric":"","statistic":"","dimensions":{},"threshold":null,"period":null,"message_id":"m","topic":"t"},"since":"2026-11-23T12:00:00Z","state":"ALARM","runbook":null,"why":"","nearest":[],"none_fits":null,"inputs":{},"findings":[],"suggestion":null,"chart":null,"channel":"C1","taken_by":null,"takes":[],"run":null,"times":1,"snoozed_until":null,"ok_since":null,"with_":null,"storm":null,"opened":"2026-11-23T12:00:00Z","revision":1}');
CREATE TABLE evidence (subject text primary key, doc text not null);
INSERT INTO "evidence" VALUES('A-1','{"items":[{"id":"E1","kind":"alarm","origin":"aws","source":"alarm of the lake","at":"2026-01-21T02:07:33Z","text":"Alarm halted went to ALARM: 101 > 100.","link":"","channel":null},{"id":"E2","kind":"log","origin":"aws","source":"log of the lake","at":"2026-01-21T02:07:03Z","text":"ERROR ×101: CURRENCY_ERROR, f-0193","link":"","channel":null},{"id":"E3","kind":"object","origin":"aws","source":"object of the lake","at":"2026-01-21T02:08:03Z","text":"612 of 10,000 rows are in quarantine.","link":"","channel":null},{"id":"E4","kind":"run","origin":"records","source":"run of the lake","at":"2026-01-21T02:31:03Z","text":"R-42 repaired: verification passed.","link":"","channel":null},{"id":"E5","kind":"approval","origin":"records","source":"approval of the lake","at":"2026-01-21T02:16:03Z","text":"Q-9 was approved by U0BO.","link":"","channel":null},{"id":"E6","kind":"log","origin":"text","source":"log of the lake","at":"2026-01-21T02:07:03Z","text":"validation failed: | `x` [E1] *not* zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz","link":"","channel":null},{"id":"E7","kind":"execution","origin":"aws","source":"execution of the lake","at":"2026-01-21T02:07:15Z","text":"Execution 20260121 failed.","link":"https://x.example/e","channel":null}],"derived":{"time_to_mitigate":"24 min"},"unread":["/aws-glue/jobs/output: access denied. None of it was read."]}');
CREATE TABLE followups (
        id bigint primary key, revision integer not null, subject text not null, owner text not null,
        open boolean not null, doc text not null
    );
INSERT INTO "followups" VALUES(1,1,'INC-1','U2',1,'{"id":1,"subject":"INC-1","incident":null,"place":{"team":"T1","channel":"C1","ts":null,"thread":null},"text":"Alert on it.","by":"U1","added":"2026-11-23T12:00:00Z","state":"open","owner":"U2","gone":"","due":null,"told":null,"said":"given","later":null,"turn":0,"next":null,"message":"","closed":null,"closed_by":"","why":"","revision":1}');
CREATE TABLE holds (
        resource text not null, run bigint not null references runs, primary key (resource, run)
    );
INSERT INTO "holds" VALUES('schedule:nightly',1);
CREATE TABLE inbox (number integer primary key autoincrement, identity text not null unique, open boolean not null, doc text not null);
INSERT INTO "inbox" VALUES(1,'E1',1,'{"id":0,"identity":"E1","wish":{"kind":"show_list","words":"breaker"},"person":"U1","place":{"team":"T1","channel":"C1","ts":null,"thread":null},"said":"breaker","at":"2026-11-23T12:00:00Z"}');
CREATE TABLE incidents (
        id bigint primary key, revision integer not null, channel text not null, open boolean not null,
        doc text not null
    );
INSERT INTO "incidents" VALUES(1,1,'C1',1,'{"id":1,"title":"load halted","severity":3,"severity_by":[],"state":"open","place":{"team":"T1","channel":"C1","ts":null,"thread":null},"declared_by":"U1","declared":"2026-11-23T12:00:00Z","lead":null,"roles":{},"alarms":[],"notes":[],"markings":[],"turns":[],"mitigated":null,"resolved":null,"resolved_by":"","revision":1}');
CREATE TABLE leases (resource text primary key, run bigint not null references runs);
INSERT INTO "leases" VALUES('events:rule/nightly',1);
CREATE TABLE meta (name text primary key, value text not null);
INSERT INTO "meta" VALUES('installation','4782ad7e0c4b');
CREATE TABLE migrations (number integer primary key, name text not null);
INSERT INTO "migrations" VALUES(1,'first');
INSERT INTO "migrations" VALUES(2,'incidents');
INSERT INTO "migrations" VALUES(3,'dialogs');
INSERT INTO "migrations" VALUES(4,'evidence');
INSERT INTO "migrations" VALUES(5,'postmortems');
INSERT INTO "migrations" VALUES(6,'followups');
INSERT INTO "migrations" VALUES(7,'strikes');
CREATE TABLE runs (
        id bigint primary key, revision integer not null, open boolean not null, exclusive text,
        doc text not null
    );
INSERT INTO "runs" VALUES(1,2,1,'breaker/transactions','{"id":1,"runbook":"circuit-breaker","title":"Circuit breaker","snapshot":"0000000000000000000000000000000000000000000000000000000000000000","environment":"PROD","place":{"team":"T1","channel":"C1","ts":null,"thread":null},"incident":null,"alarm":null,"facts":{},"inputs":{"pipeline":"transactions"},"given_by":{},"requester":"U1","authors":["U1"],"state":"running","path":["pause","half_open","resume"],"added":[],"checks":[],"at":1,"records":{},"waiting":null,"owed":[{"step":"resume","cause":"pause","approval":1,"since":"2026-11-23T12:00:00Z"}],"parked_until":null,"stopping":false,"stopped_by":"","exclusive":"breaker/transactions","undoing":[],"segment":0,"started":"2026-11-23T12:00:00Z","ended":null,"touched":"2026-11-23T12:00:00Z","revision":2}');
INSERT INTO "runs" VALUES(2,1,1,NULL,'{"id":2,"runbook":"circuit-breaker","title":"Circuit breaker","snapshot":"0000000000000000000000000000000000000000000000000000000000000000","environment":"PROD","place":{"team":"T1","channel":"C1","ts":null,"thread":null},"incident":null,"alarm":null,"facts":{},"inputs":{"pipeline":"transactions"},"given_by":{},"requester":"U1","authors":["U1"],"state":"running","path":["pause","half_open","resume"],"added":[],"checks":[],"at":0,"records":{},"waiting":null,"owed":[],"parked_until":null,"stopping":false,"stopped_by":"","exclusive":null,"undoing":[],"segment":0,"started":"2026-11-23T12:00:00Z","ended":null,"touched":"2026-11-23T12:00:00Z","revision":1}');
CREATE TABLE snapshots (sha256 text primary key, text text not null, path text not null);
INSERT INTO "snapshots" VALUES('0000000000000000000000000000000000000000000000000000000000000000','# Runbook: Circuit breaker
','runbooks/circuit-breaker.md');
CREATE TABLE strikes (
        id bigint primary key, revision integer not null, about text not null, claim text not null,
        engine text not null, open boolean not null, doc text not null
    );
INSERT INTO "strikes" VALUES(1,1,'INC-1','1111111111111111111111111111111111111111111111111111111111111111','',1,'{"id":1,"claim":"1111111111111111111111111111111111111111111111111111111111111111","text":"The schedule is resumed.","about":"INC-1","message":"postmortem:1","channel":"C1","engine":null,"by":"U2","name":"bo","at":"2026-11-23T12:00:00Z","reason":"it is still paused","undone_by":"","undone_name":"","undone_at":null,"revision":1}');
CREATE TABLE votes (
        approval bigint not null references approvals, person text not null, role text not null,
        primary key (approval, person)
    );
INSERT INTO "votes" VALUES(1,'U2','platform');
INSERT INTO "votes" VALUES(2,'U2','platform');
CREATE TABLE waits (key text primary key, due bigint not null, open boolean not null);
INSERT INTO "waits" VALUES('remind:1:1',1795436100000000,1);
INSERT INTO "waits" VALUES('segment:1:2',1795435200000000,1);
CREATE INDEX inbox_open on inbox (number) where open;
CREATE UNIQUE INDEX one_run_per_target on runs (exclusive) where exclusive is not null;
CREATE INDEX runs_open on runs (id) where open;
CREATE INDEX approvals_of_run on approvals (run);
CREATE INDEX approvals_open on approvals (id) where open;
CREATE INDEX episodes_open on episodes (id) where open;
CREATE INDEX waits_open on waits (due) where open;
CREATE INDEX attempts_of_approval on attempts (approval);
CREATE INDEX attempts_on_shared on attempts (state)
        where (holds is not null or releases is not null) and state in ('planned', 'sending', 'unknown');
CREATE INDEX leases_of_run on leases (run);
CREATE INDEX cards_behind on cards (number) where shown < wanted;
CREATE INDEX audit_of_subject on audit (subject);
CREATE TRIGGER audit_keeps_every_record before delete on audit
        begin select raise(abort, 'the audit is append-only'); end;
CREATE TRIGGER audit_never_changes before update on audit
        begin select raise(abort, 'the audit is append-only'); end;
CREATE TRIGGER audit_private_never_changes before update on audit_private
        begin select raise(abort, 'a private text of the audit can be erased, not changed'); end;
CREATE INDEX incidents_of_channel on incidents (channel, id);
CREATE INDEX incidents_open on incidents (id) where open;
CREATE INDEX dialogs_over on dialogs (until);
CREATE INDEX followups_of_subject on followups (subject, id);
CREATE INDEX followups_open on followups (owner, id) where open;
CREATE UNIQUE INDEX one_strike_per_sentence on strikes (about, claim) where open;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('attempts',1);
INSERT INTO "sqlite_sequence" VALUES('cards',1);
INSERT INTO "sqlite_sequence" VALUES('inbox',1);
INSERT INTO "sqlite_sequence" VALUES('dialogs',1);
COMMIT;
