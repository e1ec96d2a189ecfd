"""Finding customers: what is indexed of each, lists by any combination of filters, views that people save."""
