"""Province and city of an address, where it begins with them.

A file of its own: the list of provinces is long, and changes never.
"""

import re

_MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_PROVINCES = (
    *("河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南"),
    *("湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾"),
)
_REGIONS = {
    "内蒙古": "内蒙古自治区",
    "广西": "广西壮族自治区",
    "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
    "香港": "香港特别行政区",
    "澳门": "澳门特别行政区",
}
_FULL = {name: f"{name}市" for name in _MUNICIPALITIES} | {name: f"{name}省" for name in _PROVINCES} | _REGIONS
_BEGINS = re.compile("|".join(f"{full}|{short}" for short, full in _FULL.items()))
_CITY = re.compile(r"[\u4e00-\u9fff]{2,10}?(?:市|自治州|地区|盟)")
_DISTRICT = re.compile(r"[\u4e00-\u9fff]{1,10}?(?:区|县|市|旗)")


def province(text: str) -> str | None:
    """The full name of a province, if the text is one or a short form of it."""
    bare = "".join(text.split())
    found = _BEGINS.match(bare)
    return _full(found[0]) if found and found.end() == len(bare) else None


def split(address: str) -> tuple[str, str, str, str] | None:
    """(province, city, district, the rest) of an address that begins with a province and a city; else None."""
    bare = "".join(address.split())
    begins = _BEGINS.match(bare)
    if begins is None:
        return None
    full, rest = _full(begins[0]), bare[begins.end() :]
    if full[:-1] in _MUNICIPALITIES:
        # 上海上海市浦东新区: the city once more.
        city, rest = full, rest.removeprefix(full).removeprefix("市辖区")
    else:
        found = _CITY.match(rest)
        if found is None:
            return None
        city, rest = found[0], rest[found.end() :]
    district = _DISTRICT.match(rest)
    return full, city, district[0] if district else "", rest[district.end() :] if district else rest


def _full(found: str) -> str:
    return _FULL.get(found, found)
