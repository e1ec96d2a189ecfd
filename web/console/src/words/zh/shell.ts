export const common = {
  save: "保存",
  cancel: "取消",
  add: "新增",
  change: "修改",
  remove: "删除",
  yes: "是",
  no: "否",
  none: "无",
  all: "全部",
  search: "搜索",
  saved: "已保存",
  removed: "已删除",
  on: "启用",
  off: "停用",
  required: "请填写",
  by: (who: string, at: string) => `${who} · ${at}`,
  sureToRemove: (what: string) => `确定删除“${what}”吗？`,
  moved: "别人刚刚也改了，这次没有保存。你写的还在：再保存会盖掉对方的修改。",
  unsaved: "修改还没有保存，离开后会丢失。",
  leave: "离开",
  loadNewest: "载入最新内容",
};

export const nav = {
  label: "主导航",
  people: "客户",
  account: "公众号",
  team: "团队与设置",
  inbox: "消息",
  customers: "客户与粉丝",
  autoReplies: "自动回复",
  welcomes: "欢迎语",
  menus: "自定义菜单",
  codes: "渠道码",
  bannedWords: "违禁词",
  quickReplies: "快捷回复",
  serviceLevels: "接待统计",
  staff: "员工",
  roles: "角色与权限",
  parameters: "参数",
  unread: "个对话未读",
};

export const shell = {
  product: "关系",
  skip: "跳到正文",
  account: (name: string) => `账号菜单：${name}`,
  me: "我的账号",
  leave: "退出登录",
};

export const finder = {
  open: "查找客户",
  title: "查找客户",
  field: "姓名、手机号后四位或编号",
  hint: "姓名、完整手机号、后四位或客户编号",
  found: "找到的客户",
  none: "没有找到，换个说法试试",
};

export const notices = {
  title: "通知",
  open: (unread: number) => (unread ? `通知，${unread} 条未读` : "通知"),
  all: "全部通知",
  none: "还没有通知",
  noneUnread: "没有未读的通知",
  readAll: "全部标为已读",
};

export const pages = {
  home: "回到首页",
  broken: "页面出错了，请换一个页面或刷新重试",
  forbidden: { title: "没有权限", text: "你的角色不能打开这个页面。需要的话请联系管理员。" },
  nothing: { title: "还没有可以打开的页面", text: "你的角色还没有任何权限，请联系管理员。" },
  notFound: { title: "没有这个页面", text: "地址可能有误，或者内容已经移走。" },
};
