"""Which hosts behave alike, how far each is from its peers now, and how seldom a member was so far away before.

It measures; the judge decides what is too far.
"""

from __future__ import annotations

from analyzer.peers.groups import GroupLooks, Groups, GroupSearch, group_hosts

__all__ = ["GroupLooks", "GroupSearch", "Groups", "group_hosts"]
