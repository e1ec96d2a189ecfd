import type { Schemas } from "../api/client";

type Terms<Key extends string> = Record<Key, string>;

/** What the API's own words are called. */
export const zh = {
  stages: {
    new: "新客户",
    interested: "有意向",
    bought: "已购买",
    loyal: "忠诚",
    sleeping: "沉睡",
    lost: "流失",
  } satisfies Terms<Schemas["Stage"]>,
  parties: {
    prospect: "潜在客户",
    customer: "客户",
    partner: "合作伙伴",
    agent: "代理商",
    supplier: "供应商",
  } satisfies Terms<Schemas["Party"]>,
  phones: { mobile: "手机", main: "总机", finance: "财务", office: "办公", home: "住宅", fax: "传真" } satisfies Terms<
    Schemas["PhoneLabel"]
  >,
  followUps: {
    phone: "电话",
    wechat: "微信",
    visit: "拜访",
    meeting: "会议",
    email: "邮件",
    other: "其他",
  } satisfies Terms<Schemas["FollowUpKind"]>,
  contacts: { follow: "关注", scan: "扫码", unfollow: "取关", message: "留言" } satisfies Terms<Schemas["ContactKind"]>,
  timeline: {
    follow: "关注了公众号",
    scan: "扫码",
    unfollow: "取消关注",
    message: "发来消息",
    handed_over: "交接",
    created: "新建客户",
    imported: "导入",
    claimed: "从公海领取",
    assigned: "分配",
    transferred: "转移",
    released: "放回公海",
    returned: "收回公海",
    without_contract: "未签合同",
    discarded: "移入回收站",
    restored: "恢复",
    came_back: "再次到来",
    scanned: "扫码",
    merged: "合并",
    unmerged: "撤销合并",
    erased: "个人信息已删除",
    consent_given: "同意授权",
    consent_withdrawn: "撤回授权",
    channel_accepted: "接受联系",
    channel_refused: "拒绝联系",
    follow_up: "跟进",
    tagged: "标签变更",
    record_changed: "资料变更",
    stage_changed: "阶段变更",
    mobile_changed: "手机号变更",
    case_opened: "开始接待",
    case_closed: "接待结束",
  } satisfies Terms<Schemas["TimelineKind"]>,
  decisions: { accepted: "已接受", rejected: "已拒绝", done: "已完成" } satisfies Terms<Schemas["Decision"]>,
  periods: { day: "今天", week: "本周", month: "本月" } satisfies Terms<Schemas["Period"]>,
};
