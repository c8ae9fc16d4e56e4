"""A local stand-in for Bedrock's wire, good, slow, wrong or malicious, on loopback only."""
