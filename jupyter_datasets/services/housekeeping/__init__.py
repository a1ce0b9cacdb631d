"""Housekeeping: prove a store whole and mend it, collect what nothing needs, copy it, and build its catalog anew."""
