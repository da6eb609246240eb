"""Postgres refuses to run as root, and as a user that has no name."""

import functools
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
NAMESPACE = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


@dataclass(frozen=True, slots=True)
class Disguise:
    """How to run a program so that it does not see root: a prefix, or another user's id."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    def give(self, folder: Path) -> None:
        """Hand a new folder to whoever will run the program, and let it through to there."""
        if self.uid is not None:
            os.chown(folder, self.uid, self.uid)
            folder.parent.chmod(0o711)


@functools.cache
def find_disguise() -> Disguise:
    """A user namespace in which we are nobody: files stay ours, folders of mode 700 stay readable.

    Where namespaces are refused (some containers), root becomes `nobody` outright, and then both
    the installation and the data folder must be open to others.
    """
    if os.geteuid() != 0 and has_name(os.geteuid()):
        return Disguise()
    if shutil.which(NAMESPACE[0]) and has_name(NOBODY):
        trial = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
        if trial.returncode == 0:
            return Disguise(prefix=NAMESPACE)
    return Disguise(uid=pwd.getpwnam("nobody").pw_uid) if os.geteuid() == 0 else Disguise()


def has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
