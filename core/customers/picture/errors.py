"""What can go wrong with looking at a customer."""

from infra.errors import Forbidden


class LayoutNotYours(Forbidden):
    """Another layout than the own one is for who changes customers."""

    code = "layout_not_yours"
    message = "没有权限使用该视图"
    english = "You may not look at customers in this layout"
