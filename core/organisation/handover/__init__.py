"""Handing over what a colleague holds (customers, codes, tasks …) to another one, in one step with a preview.

What there is to hand over the contexts say (`Context.belongings`); `service.register` is told by the list of contexts.
"""
