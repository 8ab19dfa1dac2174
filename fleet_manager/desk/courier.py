"""Taking a call from the queue to its receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.desk.deliveries import arrived, failed, take_delivery
from fleet_manager.desk.escalation_rule import Webhook
from fleet_manager.desk.escalation_rules import target_of
from fleet_manager.desk.mail import call_mail
from fleet_manager.desk.outlet import CallFailed
from fleet_manager.desk.webhook import call_webhook

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    from sqlalchemy import Engine

    from fleet_manager.desk.deliveries import Delivery
    from fleet_manager.desk.mail import MailServer
    from fleet_manager.desk.reach import Reach


class Courier:
    """Delivers what is due.

    Args:
        engine: the database.
        mail: the server that takes e-mail; None where the site has none, which is then why such calls wait.
        reach: the addresses that webhooks may go to.
        unix_ms: the wall clock.
        draw: gives a number in [0, 1).
        say: one line about a call that did not arrive.
        tls: which authorities a webhook's server is trusted by; None for those that the machine trusts.
    """

    def __init__(
        self,
        engine: Engine,
        mail: MailServer | None,
        reach: Reach,
        unix_ms: Callable[[], int],
        draw: Callable[[], float],
        say: Callable[[str], object],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._engine, self._mail, self._reach = engine, mail, reach
        self._unix_ms, self._draw, self._say = unix_ms, draw, say
        self._tls = tls

    def take(self, busy: Collection[str] = ()) -> Delivery | None:
        """The call that is due longest and not of a busy rule; None where none is due.

        Raises:
            StoreUnavailable: the database takes nothing just now.
        """
        return take_delivery(self._engine, self._unix_ms(), busy)

    def deliver(self, one: Delivery) -> None:
        """Try a call that was taken, and write down what came of it.

        Raises:
            StoreUnavailable: the database takes nothing just now; the call is due again when its time is over.
        """
        try:
            self._call(one)
        except CallFailed as err:
            self._say(f"call {one.name} of the rule {one.rule!r}, attempt {one.attempts}: {err}")
            failed(self._engine, one, self._unix_ms(), str(err), self._draw, for_good=err.for_good)
        else:
            arrived(self._engine, one, self._unix_ms())

    def _call(self, one: Delivery) -> None:
        target = target_of(one.target)
        at_s = self._unix_ms() // 1000
        if isinstance(target, Webhook):
            call_webhook(target, one.name, at_s, one.body, self._reach, self._tls)
        elif self._mail is None:
            raise CallFailed("wanted a mail server, found none configured: name one to the manager")
        else:
            call_mail(self._mail, target, one.name, at_s, one.body)
