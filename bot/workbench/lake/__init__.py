"""The local lake: moto on loopback, with a pipeline that really runs and alarms that really go off."""
