"""The agent's exceptions.

    AgentError
    ├── InvalidName        a metric, label, unit or component name breaks the exposition's grammar
    ├── DuplicateName      the name, or one of its sample names, is taken
    ├── LabelsMissing      a labelled family was used as if it were one series
    ├── WrongLabels        label values do not fit the family's label names
    ├── BadAmount          a counter was decreased, or a value is not a number
    ├── UnknownDependency  a component depends on one that nobody registered
    ├── DependencyCycle    components depend on each other in a circle
    ├── TokenRequired      a listener off loopback without a token
    └── AlreadyStarted     the watch runs; this has to come before `start`

All of them are mistakes of the program that embeds the agent and are raised where it is set up.
Once it runs, the agent logs and counts; it never raises into the bot.
"""


class AgentError(Exception):
    """Base of every error that the agent raises."""


class InvalidName(AgentError, ValueError):
    """A name breaks the exposition's grammar."""


class DuplicateName(AgentError, ValueError):
    """A name is taken."""


class LabelsMissing(AgentError, AttributeError):
    """A labelled family was used as if it were one series."""


class WrongLabels(AgentError, ValueError):
    """Label values do not fit the family's label names."""


class BadAmount(AgentError, ValueError):
    """A counter was decreased, or a value is not a number."""


class UnknownDependency(AgentError, LookupError):
    """A component depends on one that nobody registered."""


class DependencyCycle(AgentError, ValueError):
    """Components depend on each other in a circle."""


class TokenRequired(AgentError, PermissionError):
    """A listener off loopback has no token."""


class AlreadyStarted(AgentError, RuntimeError):
    """The watch runs already."""
