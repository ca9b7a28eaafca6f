package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/examples/internal/pretend"
)

// lifePushes are a URL check and one push of each kind that the life of a suite brings.
func lifePushes(crypto *openwork.Crypto) ([]httpPush, error) {
	now := time.Now()
	stamp := fmt.Sprint(now.Unix())
	check, err := pretend.URLCheck(crypto, "4561255354251345929", provider, now)
	pushes := []httpPush{{"URL check", "/app", check, 200, "4561255354251345929"}}

	push := func(title, receiveID string, fields ...string) {
		request, pushErr := pretend.Push(crypto, pretend.Document(fields...), receiveID, now)
		pushes, err = append(pushes, httpPush{title, "/app", request, 200, "success"}), errors.Join(err, pushErr)
	}
	command := func(infoType string, fields ...string) {
		push(infoType, suiteID, append([]string{"SuiteId", suiteID, "InfoType", infoType, "TimeStamp", stamp}, fields...)...)
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
	push("change_app_admin", corp, "ToUserName", corp, "FromUserName", "sys", "CreateTime", stamp,
		"MsgType", "event", "Event", "change_app_admin", "AgentID", "1000002")
	return pushes, err
}

// badPushes are good ones with one thing broken.
func badPushes(crypto *openwork.Crypto) ([]httpPush, error) {
	const otherSuite = "ww0000000000000002"
	now := time.Now()
	message := pretend.Document("SuiteId", suiteID, "InfoType", "cancel_auth", "AuthCorpId", corp, "TimeStamp", fmt.Sprint(now.Unix()))
	forger, err := openwork.NewCrypto("aGuessedToken", key)
	if err != nil {
		return nil, err
	}
	forged, err1 := pretend.Push(forger, message, suiteID, now)
	stale, err2 := pretend.Push(crypto, message, suiteID, now.Add(-11*time.Minute))
	truncated, err3 := pretend.Push(crypto, message, suiteID, now)
	truncated.Body = truncated.Body[:len(truncated.Body)/2]
	foreign, err4 := pretend.Push(crypto, strings.ReplaceAll(message, suiteID, otherSuite), otherSuite, now)
	return []httpPush{
		{"forged", "/app", forged, 403, ""},
		{"stale", "/app", stale, 403, ""},
		{"truncated", "/app", truncated, 400, ""},
		{"of another suite", "/app", foreign, 403, ""},
	}, errors.Join(err1, err2, err3, err4)
}
