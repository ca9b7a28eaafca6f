package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/openwork-go/openwork/internal/catalogue"
)

// methods are the HandleX methods, by the name they match.
var methods = map[string]string{
	"suite_ticket": "HandleSuiteTicketRefreshed", "create_auth": "HandleAuthCreated", "change_auth": "HandleAuthChanged",
	"cancel_auth": "HandleAuthCancelled", "change_contact.create_user": "HandleUserCreated",
	"change_contact.update_user": "HandleUserUpdated", "change_contact.delete_user": "HandleUserDeleted",
	"change_contact.create_party": "HandlePartyCreated", "change_contact.update_party": "HandlePartyUpdated",
	"change_contact.delete_party": "HandlePartyDeleted", "change_contact.update_tag": "HandleUserTagUpdated",
	"share_agent_change": "HandleShareAgentChanged", "reset_permanent_code": "HandleResetPermanentCode",
	"change_app_admin": "HandleChangeAppAdmin",
}

// docs is the table of events.
func docs(events []*catalogue.Event) []byte {
	var b bytes.Buffer
	forms, verified := 0, 0
	for _, e := range events {
		for _, f := range e.Forms {
			forms++
			if f.Verified {
				verified++
			}
		}
	}
	fmt.Fprintf(&b, `<!-- Generated from internal/catalogue/catalogue.txt; do not edit. -->

# Events · 事件一览

%d events and messages in %d forms, %d of them seen on an official page; the others are known from other software and
marked with ?. Every one can be received with `+"`On[event.X]`"+`, and with `+"`Handle(name, …)`"+`; the most common have a method of
their own. Numbers are pages: developer.work.weixin.qq.com/document/path/N.

The last column says on which URL a form comes (command, data, or the provider's system event URL) and for which apps:
third-party, customized, both, the provider's own, or neither of them: by its page for self-built apps only.

共 %d 种事件与消息、%d 种推送形式，其中 %d 种已对照官方文档；带 ? 的来自其他软件。每一种都可以用 `+"`On[event.X]`"+` 或
`+"`Handle(name, …)`"+` 接收，最常用的另有专门的方法。数字是官方文档页码。

最后一列说明推送到哪个 URL（command 指令回调、data 数据回调、provider 系统事件接收 URL）以及适用的应用：third-party 第三方应用，
customized 代开发应用，both 两者，provider 服务商自身，neither 官方页面只针对自建应用。

`, len(events), forms, verified, len(events), forms, verified)
	fmt.Fprintln(&b, "| name · 名称 | what · 说明 | type · 类型 | method · 方法 | where · 通道 |\n|---|---|---|---|---|")
	for _, e := range events {
		method := methods[e.Name]
		if method != "" {
			method = "`" + method + "`"
		}
		var where []string
		for _, f := range e.Forms {
			mark := ""
			if !f.Verified {
				mark = "?"
			}
			where = append(where, fmt.Sprintf("%s, %s [%s](https://developer.work.weixin.qq.com/document/path/%s)%s",
				f.Channel, strings.ReplaceAll(f.Apps, "_", "-"), f.Doc, f.Doc, mark))
		}
		name := "`" + e.Name + "`"
		for _, alias := range e.Aliases {
			name += "<br>`" + alias + "`"
		}
		fmt.Fprintf(&b, "| %s | %s<br>%s | `event.%s` | %s | %s |\n",
			name, e.Chinese, strings.ReplaceAll(e.Doc, "|", "\\|"), e.GoName, method, strings.Join(where, "<br>"))
	}
	fmt.Fprint(&b, "\n`HandleContactChanged` receives all of `change_contact`. `Handle` with the first part of a name receives the family. The case of these\n"+
		"names does not matter.\n\n"+
		"`HandleContactChanged` 接收全部 `change_contact`；`Handle` 传入名称的第一段即可接收整类事件；名称不区分大小写。\n")
	return b.Bytes()
}
