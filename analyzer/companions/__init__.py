"""What moved with a finding: from the newest history, fixed queries and the exporter's log. Judges nothing."""

from analyzer.companions.accompanying import Accompanist, failures
from analyzer.companions.looking import Looker

__all__ = ["Accompanist", "Looker", "failures"]
