package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
)

// lifePushes are a URL check and one push of each kind that the life of a suite brings.
func lifePushes(crypto *openwork.Crypto) ([]httpPush, error) {
	now := time.Now()
	check, err := sealed(crypto, "URL check", "4561255354251345929", provider, now)
	if err != nil {
		return nil, err
	}
	// A check carries the ciphertext in the query.
	check.method = http.MethodGet
	check.target += "&echostr=" + url.QueryEscape(between(check.body, "<Encrypt><![CDATA[", "]]>"))
	check.body, check.answer = "", "4561255354251345929"

	pushes := []httpPush{check}
	command := func(infoType string, fields ...string) {
		plaintext := document(append([]string{"SuiteId", suiteID, "InfoType", infoType, "TimeStamp", fmt.Sprint(now.Unix())}, fields...)...)
		push, sealErr := sealed(crypto, infoType, plaintext, suiteID, now)
		pushes, err = append(pushes, push), firstOf(err, sealErr)
	}
	contact := func(changeType string, fields ...string) {
		command("change_contact", append([]string{"AuthCorpId", corp, "ChangeType", changeType}, fields...)...)
	}
	command("suite_ticket", "SuiteTicket", "a ticket that nobody must see")
	command("create_auth", "AuthCode", "a code that nobody must see")
	command("change_auth", "AuthCorpId", corp)
	command("cancel_auth", "AuthCorpId", corp)
	contact("create_user", "UserID", "zhangsan", "Name", "张三", "Department", "1,2,3")
	contact("update_user", "UserID", "zhangsan", "NewUserID", "zhangsan001")
	contact("delete_user", "UserID", "zhangsan001")
	contact("create_party", "Id", "2", "Name", "研发部", "ParentId", "1", "Order", "1")
	contact("update_party", "Id", "2", "ParentId", "3")
	contact("delete_party", "Id", "2")
	contact("update_tag", "TagId", "1", "AddUserItems", "zhangsan,lisi")
	command("share_agent_change", "AppId", "1", "CorpId", corp, "AgentId", "1000002")
	command("reset_permanent_code", "AuthCode", "another code that nobody must see")

	// This one belongs to the data URL, which may be the same: it is made for the corp, not for the suite.
	plaintext := document("ToUserName", corp, "FromUserName", "sys", "CreateTime", fmt.Sprint(now.Unix()),
		"MsgType", "event", "Event", "change_app_admin", "AgentID", "1000002")
	push, sealErr := sealed(crypto, "change_app_admin", plaintext, corp, now)
	return append(pushes, push), firstOf(err, sealErr)
}

// badPushes are good ones with one thing broken.
func badPushes(crypto *openwork.Crypto) ([]httpPush, error) {
	now := time.Now()
	plaintext := document("SuiteId", suiteID, "InfoType", "cancel_auth", "AuthCorpId", corp, "TimeStamp", fmt.Sprint(now.Unix()))
	forger, err := openwork.NewCrypto("a guessed token", key)
	if err != nil {
		return nil, err
	}
	forged, err1 := sealed(forger, "forged", plaintext, suiteID, now)
	stale, err2 := sealed(crypto, "stale", plaintext, suiteID, now.Add(-11*time.Minute))
	truncated, err3 := sealed(crypto, "truncated", plaintext, suiteID, now)
	truncated.body = truncated.body[:len(truncated.body)/2]
	foreign, err4 := sealed(crypto, "of another suite", strings.ReplaceAll(plaintext, suiteID, "ww0000000000000002"), "ww0000000000000002", now)

	forged.status, stale.status, truncated.status, foreign.status = 403, 403, 400, 403
	pushes := []httpPush{forged, stale, truncated, foreign}
	for i := range pushes {
		pushes[i].answer = ""
	}
	return pushes, firstOf(err1, err2, err3, err4)
}

// document is a message of WeCom's: flat XML with the values in CDATA.
func document(pairs ...string) string {
	var b strings.Builder
	b.WriteString("<xml>")
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%s>", pairs[i], pairs[i+1], pairs[i])
	}
	return b.String() + "</xml>"
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
