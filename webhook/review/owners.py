"""Whose owner references prove that the owner was judged."""

_CONTROLLER_MANAGER = "system:kube-controller-manager"
_SERVICE_ACCOUNT = "system:serviceaccount:kube-system:"


def trusts_owner(username: str, controllers: tuple[str, ...]) -> bool:
    """Whether an owner reference counts by who wrote it: one of Kubernetes' own controllers, or
    one that the policy lists by its full user name."""
    # The reference alone proves nothing: every user can write one.
    if username == _CONTROLLER_MANAGER or username in controllers:
        return True
    account = username.removeprefix(_SERVICE_ACCOUNT)
    return account != username and account.endswith("-controller")
