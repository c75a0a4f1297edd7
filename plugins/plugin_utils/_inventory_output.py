# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private: may change in any release. Nothing outside this collection may import it.
"""What the inventory plugin says, and what it never does: the values of secret options, and excerpts of files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import NoReturn

from ansible.errors import AnsibleError
from ansible.module_utils.common.parameters import remove_values
from ansible.utils.display import Display

from ..module_utils._errors import InternalError, InvalidOption, LiteServerError
from ..module_utils._shapes import Conceal, Options
from ..module_utils.domain._untrusted import as_line, as_shown
from ..module_utils.domain._wording import some_of
from ..module_utils.wiring._connection_options import connection_argument_spec, hide, passwords_in_addresses
from ..module_utils.wiring._secrets import Secrets

# Ansible's own for an inventory that cannot be parsed, where it is told to fail at all.
EXIT_STATUS = 4
_SECRETS = tuple(option for option, spec in connection_argument_spec().items() if spec.get("no_log"))
_MOST_NAMES = 10
_SHORTEST_OF_VALUES = 8

display = Display()


class Output:
    """The lines about one inventory file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._secrets = Secrets()

    def note(self, options: Options) -> None:
        """Remember the values of secret options, and the strings in them where they are no strings."""
        for option in _SECRETS:
            values = [options.get(option)]
            for value in values:
                if isinstance(value, Mapping):
                    values += value.values()
                elif isinstance(value, (list, tuple)):
                    values += value
                elif value is not None and str(value):
                    hide(self._secrets, value)

    def note_token(self, token: str) -> None:
        """Remember the token of a login."""
        hide(self._secrets, token)

    def note_connection(self, options: Options) -> None:
        """Remember everything secret in the connection options, which are all there."""
        self.note(options)
        hide(self._secrets, *passwords_in_addresses(options))

    def clean(self, text: str) -> str:
        """The text without secrets, fit for a terminal."""
        return str(as_shown(remove_values(text, self._secrets)))

    def concealing(self, records: object) -> Conceal:
        """What conceals secrets in records of the service: nothing has to where a search of all finds none.

        Shorter secrets than any that the cloud gives out are left alone: they would change names of servers.
        """
        text = json.dumps(records, ensure_ascii=False)
        hidden = [value for value in self._secrets if len(value) >= _SHORTEST_OF_VALUES and value in text]
        return (lambda value: str(remove_values(value, hidden))) if hidden else str

    def warn(self, text: str, names: Sequence[str] = ()) -> None:
        """Warn of the file, and of some of its hosts."""
        shown = f": {some_of(list(names), _MOST_NAMES)}" if names else ""
        display.warning(as_line(self.clean(f"{self._path}: {text}{shown}")))

    def end(self, error: Exception) -> NoReturn:
        """End the process with one line.

        The inventory manager makes a warning of every Exception, and goes on with whatever hosts there are: a play
        over "all" would then succeed on none or on half of the fleet. A SystemExit is what it does not catch.
        """
        if not isinstance(error, (AnsibleError, LiteServerError)):
            error = InternalError(error)
        line = as_line(self.clean(f"{self._path}: {one_line(error)}"))
        display.display(f"[ERROR]: {line}", color="red", stderr=True)
        raise SystemExit(EXIT_STATUS) from None


def one_line(error: Exception) -> str:
    """An error's text without the excerpt of a file that Ansible may put behind it."""
    text = str(error) or error.__class__.__name__
    return " ".join(text.split("\n\n")[0].split())


def unreadable(path: str, error: BaseException | None) -> InvalidOption:
    """Why a file cannot be read, without a word of what is in it: any part may be a secret."""
    if not os.path.exists(path):
        return InvalidOption("there is no such file")
    if not os.access(path, os.R_OK):
        return InvalidOption("the user who runs this may not read the file")
    with open(path, "rb") as file:
        if file.read(14) == b"$ANSIBLE_VAULT":
            return InvalidOption("the file is encrypted, and the vault password is missing or wrong")
    while error is not None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is not None:
            return InvalidOption(f"the file is not YAML: see line {mark.line + 1}, column {mark.column + 1}, and above")
        error = getattr(error, "orig_exc", None) or error.__cause__ or error.__context__
    return InvalidOption("the file is not YAML")
