"""Model servers on loopback: each speaks one real protocol and fails in every way that one can."""
