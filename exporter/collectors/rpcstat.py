"""Files of the NFS client and server in /proc/net/rpc: lines of counts, and the names of NFS's procedures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.exposition import Labels

CLIENT = {
    "2": "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir "
    "ReadDir FsStat",
    "3": "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link "
    "ReadDir ReadDirPlus FsStat FsInfo PathConf Commit",
    "4": "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID "
    "SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf "
    "StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent "
    "ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet "
    "LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession DestroyClientID "
    "Seek Allocate DeAllocate LayoutStats Clone",
}
SERVER_4 = (
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot "
    "Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH "
    "SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner"
)
"""In the order of the operations' numbers, RFC 7530; a dash stands for those that aren't told."""


def lines(content: bytes) -> dict[str, list[bytes]]:
    """The words of each line, by its first one."""
    split = (line.split() for line in content.splitlines())
    return {words[0].decode(): words[1:] for words in split if words}


def requests(counts: Sequence[bytes], names: str, proto: str) -> Iterator[tuple[Labels, bytes]]:
    """Labels method and proto with their counts; procedures that this kernel doesn't know were called 0 times."""
    padded = [*counts, *[b"0"] * len(names.split())]
    for name, count in zip(names.split(), padded, strict=False):
        if name != "-":
            yield (name, proto), count
