package openwork_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Pushes in the forms of official pages that differ from what their family has:
// without AuthCorpId, with fields of one form only, with older spellings. The
// values are written out, not made from the table.
func TestCatalogue_OfficialForms(t *testing.T) {
	t.Parallel()
	commandHead := func(infoType, changeType, corpID string) event.Head {
		return event.Head{SuiteID: testSuiteID, AuthCorpID: corpID, InfoType: infoType, ChangeType: changeType, CorpID: corpID, Time: testNow}
	}
	dataHead := func(name, changeType, from string) event.Head {
		return event.Head{ToUserName: testCorp, FromUserName: from, MsgType: "event", Event: name, ChangeType: changeType,
			CorpID: testCorp, Time: testNow}
	}
	with := func(plaintext, more string) string { return strings.TrimSuffix(plaintext, "</xml>") + more + "</xml>" }
	withoutCorp := func(infoType string, pairs ...string) string {
		return document(append([]string{"SuiteId", testSuiteID, "InfoType", infoType, "TimeStamp", "1700000000"}, pairs...)...)
	}
	// Device data has TimeStamp for CreateTime.
	fromDevice := func(name, list string) string {
		return with(strings.ReplaceAll(dataEvent(name), "CreateTime", "TimeStamp"), list+"<DeviceSn>sn</DeviceSn>")
	}
	job := func(jobType, result string) string {
		return "<BatchJob><JobId><![CDATA[job]]></JobId><JobType><![CDATA[" + jobType + "]]></JobType>" + result + "</BatchJob>"
	}
	const result = "<ErrCode>301</ErrCode><ErrMsg><![CDATA[no]]></ErrMsg>"
	providerBatch := document("ServiceCorpId", testProvider, "InfoType", "batch_job_result", "TimeStamp", "1700000000", "AuthCorpId", testCorp)

	for _, row := range []struct {
		what, name, channel, plaintext string
		want                           event.Event
	}{
		{"97216: temperatures of a device", "device_temperature_data_report", "data",
			fromDevice("device_temperature_data_report", "<TemperatureDataList><Item><OpenUserId>woa</OpenUserId><UserType>2</UserType>"+
				"<TimeStamp>1700000001</TimeStamp><Temperature><![CDATA[36.7]]></Temperature><Status>1</Status></Item>"+
				"<Item><OpenUserId>wob</OpenUserId></Item></TemperatureDataList>"),
			&event.DeviceTemperatureDataReport{Head: dataHead("device_temperature_data_report", "", "sys"), DeviceSn: "sn",
				TemperatureDataList: []event.TemperatureDataListItem{
					{OpenUserID: "woa", UserType: 2, TimeStamp: testNow.Add(time.Second), Temperature: 36.7, Status: 1},
					{OpenUserID: "wob"}}}},

		{"90376: a job of the app", "batch_job_result", "data",
			strings.ReplaceAll(with(dataEvent("batch_job_result"), job("sync_user", result)), "[sys]", "[zhangsan]"),
			&event.BatchJobResult{Head: dataHead("batch_job_result", "", "zhangsan"),
				BatchJob: event.BatchJob{JobID: "job", JobType: "sync_user", ErrCode: 301, ErrMsg: "no"}}},
		{"94956: an export, which names no corp", "batch_job_result", "command",
			with(withoutCorp("batch_job_result"), job("export_user", result)),
			&event.BatchJobResult{Head: commandHead("batch_job_result", "", ""),
				BatchJob: event.BatchJob{JobID: "job", JobType: "export_user", ErrCode: 301, ErrMsg: "no"}}},
		{"91875: a translation, which has no error", "batch_job_result", "provider",
			with(providerBatch, job("contact_id_translate", "")),
			&event.BatchJobResult{Head: event.Head{AuthCorpID: testCorp, ServiceCorpID: testProvider, InfoType: "batch_job_result",
				CorpID: testCorp, Time: testNow}, BatchJob: event.BatchJob{JobID: "job", JobType: "contact_id_translate"}}},

		{"99485: the provider's uses run out", "customer_acquisition.service_balance_low", "command",
			withoutCorp("customer_acquisition", "ChangeType", "service_balance_low"),
			&event.ServiceBalanceLow{Head: commandHead("customer_acquisition", "service_balance_low", "")}},
		{"99485: the provider's uses are used up", "customer_acquisition.service_balance_exhausted", "command",
			withoutCorp("customer_acquisition", "ChangeType", "service_balance_exhausted"),
			&event.ServiceBalanceExhausted{Head: commandHead("customer_acquisition", "service_balance_exhausted", "")}},
		{"99485: a use of the provider's", "customer_acquisition.service_balance_consumed", "command",
			command("customer_acquisition", "ChangeType", "service_balance_consumed", "LinkId", "caw1", "State", "channel", "OnceKey", "once"),
			&event.ServiceBalanceConsumed{Head: commandHead("customer_acquisition", "service_balance_consumed", testCorp),
				LinkID: "caw1", State: "channel", OnceKey: "once"}},
		{"99485: another price", "customer_acquisition.change_price", "command",
			command("customer_acquisition", "ChangeType", "change_price", "Price", "150", "EffectiveTime", "1700000001"),
			&event.ChangePrice{Head: commandHead("customer_acquisition", "change_price", testCorp), Price: 150, EffectiveTime: testNow.Add(time.Second)}},
		{"99485: a customer of the component", "change_external_contact.add_external_contact", "command",
			command("change_external_contact", "ChangeType", "add_external_contact", "LinkId", "caw1", "State", "channel"),
			&event.AddExternalContact{Head: commandHead("change_external_contact", "add_external_contact", testCorp), LinkID: "caw1", State: "channel"}},
		{"99485: a first message to the component", "customer_acquisition.customer_start_chat", "command",
			command("customer_acquisition", "ChangeType", "customer_start_chat", "LinkId", "caw1", "State", "channel"),
			&event.CustomerStartChat{Head: commandHead("customer_acquisition", "customer_start_chat", testCorp), LinkID: "caw1", State: "channel"}},
		{"99485: more messages to the component", "customer_acquisition.message_from_customer", "command",
			command("customer_acquisition", "ChangeType", "message_from_customer", "LinkId", "caw1", "State", "channel", "ChatKey", "key"),
			&event.MessageFromCustomer{Head: commandHead("customer_acquisition", "message_from_customer", testCorp), LinkID: "caw1",
				State: "channel", ChatKey: "key"}},

		{"92633: MediaId for Attach, Approvor for Approver", "sys_approval_change", "command",
			with(dataEvent("sys_approval_change"), "<ApprovalInfo><SpRecord><Details><Approvor><UserId>lisi</UserId></Approvor>"+
				"<MediaId>media1</MediaId><MediaId>media2</MediaId></Details></SpRecord></ApprovalInfo>"),
			&event.SysApprovalChange{Head: dataHead("sys_approval_change", "", "sys"), ApprovalInfo: event.SysApprovalChangeApprovalInfo{
				SpRecord: []event.SpRecord{{Details: []event.Details{{Approver: event.Approver{UserID: "lisi"}, Attach: []string{"media1", "media2"}}}}}}}},
		{"96508: Attach and Approver", "sys_approval_change", "data",
			with(dataEvent("sys_approval_change"), "<ApprovalInfo><SpRecord><Details><Approver><UserId>lisi</UserId></Approver>"+
				"<Attach>media1</Attach><Attach>media2</Attach></Details></SpRecord></ApprovalInfo>"),
			&event.SysApprovalChange{Head: dataHead("sys_approval_change", "", "sys"), ApprovalInfo: event.SysApprovalChangeApprovalInfo{
				SpRecord: []event.SpRecord{{Details: []event.Details{{Approver: event.Approver{UserID: "lisi"}, Attach: []string{"media1", "media2"}}}}}}}},

		{"an address book of old", "change_contact.create_user", "command",
			with(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "EnglishName", "san", "IsLeader", "1"),
				"<ExtAttr><Item><Name><![CDATA[爱好]]></Name><Value><![CDATA[旅游]]></Value></Item></ExtAttr>"),
			&event.CreateUser{Head: commandHead("change_contact", "create_user", testCorp), UserID: "zhangsan", Alias: "san", IsLeader: 1,
				ExtAttr: []event.ExtAttrItem{{Name: "爱好", Value: "旅游"}}}},
		{"an address book of old, in the data form", "change_contact.update_user", "data",
			with(dataEvent("change_contact", "ChangeType", "update_user", "UserID", "zhangsan", "EnglishName", "san", "IsLeader", "1"),
				"<ExtAttr><Item><Name><![CDATA[爱好]]></Name><Value><![CDATA[旅游]]></Value></Item></ExtAttr>"),
			&event.UpdateUser{Head: dataHead("change_contact", "update_user", "sys"), UserID: "zhangsan", Alias: "san", IsLeader: 1,
				ExtAttr: []event.ExtAttrItem{{Name: "爱好", Value: "旅游"}}}},
		{"between the two: an empty Alias beside EnglishName", "change_contact.create_user", "command",
			command("change_contact", "ChangeType", "create_user", "Alias", "", "EnglishName", "san", "IsLeaderInDept", "1,0", "IsLeader", "1"),
			&event.CreateUser{Head: commandHead("change_contact", "create_user", testCorp), Alias: "san", IsLeaderInDept: []int64{1, 0}, IsLeader: 1}},

		{"96361: StrategyId is text", "change_external_tag.shuffle", "data",
			dataEvent("change_external_tag", "ChangeType", "shuffle", "Id", "et1", "StrategyId", "007"),
			&event.ChangeExternalTagShuffle{Head: dataHead("change_external_tag", "shuffle", "sys"), ID: "et1", StrategyID: "007"}},

		{"98397: somebody's role", "meeting_change.role_change", "data",
			with(dataEvent("meeting_change", "ChangeType", "role_change", "FromUserTmpOpenId", "tmp1", "MeetingId", "mt1"),
				"<OperatedUser><UserId>lisi</UserId><TmpOpenId>tmp2</TmpOpenId><UserRole>6</UserRole></OperatedUser>"),
			&event.RoleChange{Head: dataHead("meeting_change", "role_change", "sys"), FromUserTmpOpenID: "tmp1", MeetingID: "mt1",
				OperatedUser: event.RoleChangeOperatedUser{UserID: "lisi", TmpOpenID: "tmp2", UserRole: 6}}},
		{"98775: files, one beside the other", "meeting_change.medium_upload", "data",
			with(dataEvent("meeting_change", "ChangeType", "medium_upload", "MeetingId", "mt1", "AllUploadStatus", "false"),
				"<UploadInfo><MediumUrl>https://a.example</MediumUrl><MediumType>2</MediumType><UploadStatus>0</UploadStatus>"+
					"<ErrorMsg>low-resolution</ErrorMsg></UploadInfo><UploadInfo><UploadStatus>1</UploadStatus></UploadInfo>"),
			&event.MediumUpload{Head: dataHead("meeting_change", "medium_upload", "sys"), MeetingID: "mt1", AllUploadStatus: "false",
				UploadInfo: []event.UploadInfo{{MediumURL: "https://a.example", MediumType: 2, ErrorMsg: "low-resolution"}, {UploadStatus: 1}}}},
		{"98783: a room named by text", "meeting_change.meeting_room_response", "data",
			with(dataEvent("meeting_change", "ChangeType", "meeting_room_response", "MeetingId", "mt1", "MeetingRoomId", "mRidadc",
				"RoomResponseStatus", "2"), "<MraAddress><Protocol>1</Protocol><DialString>sip:room</DialString></MraAddress>"),
			&event.MeetingRoomResponse{Head: dataHead("meeting_change", "meeting_room_response", "sys"), MeetingID: "mt1",
				MeetingRoomID: "mRidadc", MraAddress: event.MraAddress{Protocol: 1, DialString: "sip:room"}, RoomResponseStatus: 2}},
		{"99648: a member's meeting", "meeting_statistics.start_meeting", "data",
			dataEvent("meeting_statistics", "ChangeType", "start_meeting", "Status", "1"),
			&event.StartMeeting{Head: dataHead("meeting_statistics", "start_meeting", "sys"), Status: 1}},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			typed, err := formNamed(t, row.name, row.channel).receive(t, row.plaintext).Typed()
			require.NoError(t, err)
			require.Equal(t, row.want, typed)
		})
	}
}

// Who gets what, by the pages that say so, and where a page has moved.
func TestCatalogue_WhoGetsWhat(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{ // channel, apps and page of each form
		"switch_workbench_mode": {"data third_party 94620"}, "device_temperature_data_report": {"data third_party 97216"},
		"batch_job_result":                           {"data both 90376", "command third_party 94956", "provider provider 91875"},
		"open_approval_change":                       {"data both 90376"},
		"change_external_contact.msg_audit_approved": {"data neither 92005"}, "msgaudit_notify": {"data neither 95039"},
		"submit_vip_account_approval": {"data neither 99876"}, "finish_vip_account_approval": {"data neither 99877"},
		"security.change_domain_ip": {"data neither 100080"}, "public_email_change.receive_email": {"data neither 100180"},
		"create_auth": {"command both 100964"}, "change_auth": {"command both 100964"}, "cancel_auth": {"command both 100964"},
		"change_contact.create_user":         {"command third_party 90639", "data customized 96302"},
		"change_contact.update_party":        {"command third_party 90640", "data customized 96303"},
		"change_contact.update_tag":          {"command third_party 90641", "data customized 96304"},
		"chat_archive_export_finished":       {"command both 99620"},
		"chat_archive_audit_approved_single": {"command both 99532"}, "chat_archive_audit_approved_room": {"command both 99532"},
		"upload_media_job_finish":  {"data both 97126"},
		"advanced_api_pay_success": {"provider provider 100303"}, "advanced_api_expired": {"provider provider 100307"},
		"advanced_api_trial_expired": {"provider provider 100308"}, "agree_external_userid_migration": {"provider provider 96516"},
	} {
		var got []string
		for _, form := range formsNamed(t, name) {
			got = append(got, form.Channel+" "+form.Apps+" "+form.Form.Doc)
		}
		assert.Equal(t, want, got, name)
	}

	selfBuilt := map[string]int{}
	for _, form := range forms(t) {
		family, change := form.Parts()
		if strings.HasPrefix(family, "meeting_") || family == "change_chain" {
			want := map[bool]string{true: "both", false: "neither"}[change == "modify_meeting" || change == "cancel_meeting"]
			assert.Equal(t, want, form.Apps, form.Name)
			selfBuilt[family+" "+form.Apps]++
		}
	}
	require.Equal(t, map[string]int{"meeting_change both": 2, "meeting_change neither": 27, "meeting_statistics neither": 1,
		"change_chain neither": 9}, selfBuilt)
}

// The forms that name no corp: what they are about is the provider's, or is found
// by what the push carries instead.
func TestCatalogue_FormsWithoutAuthCorpID(t *testing.T) {
	t.Parallel()
	var got []string
	for _, form := range forms(t) {
		if form.Element == "InfoType" && !strings.Contains(strings.Join(form.Head, " "), "AuthCorpId") {
			got = append(got, form.Name)
			msg := form.receive(t, form.xml)
			assert.Empty(t, msg.AuthCorpID, form.Name)
			assert.Equal(t, msg.Get("PaidCorpId"), msg.CorpID, form.Name)
		}
	}
	require.ElementsMatch(t, []string{"suite_ticket", "create_auth", "reset_permanent_code", "share_agent_change", "share_chain_change",
		"open_order", "change_order", "pay_for_app_success", "refund", "change_editon", "cancel_order", "batch_job_result",
		"customer_acquisition.service_balance_low", "customer_acquisition.service_balance_exhausted", "fetch_log_finish", "error_report"}, got)
}

// Only what is on no official page is marked as such.
func TestCatalogue_UnverifiedForms(t *testing.T) {
	t.Parallel()
	events, err := catalogue.Events()
	require.NoError(t, err)
	var got []string
	for _, e := range events {
		for _, form := range e.Forms {
			if !form.Verified {
				got = append(got, e.Name)
			}
		}
	}
	require.Equal(t, []string{"add_schedule", "add_device", "del_device", "remark_device_name", "connect_info", "disconnect_info",
		"fetch_log_finish", "device_feature_change", "error_report"}, got)
}
