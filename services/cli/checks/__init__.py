"""What `minhu doctor` looks at, one finding each."""
