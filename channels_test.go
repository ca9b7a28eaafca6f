package openwork_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testTemplate  = "dk1a2b3c4d5e6f7a8b"
	strangerSuite = "ww9z8y7x6w5v4u3t2s"
	strangerCorp  = "wpstranger00000001"
)

// consoleURL is a URL of the provider console and the Config that the README gives for it, made from the fixture's usual
// one, which has SuiteID and ProviderCorpID.
type consoleURL struct {
	*consoleSettings
}

type consoleSettings struct {
	name   string
	title  string // in the console
	config func(*openwork.Config)
}

var (
	thirdPartyApp = consoleURL{&consoleSettings{"third-party app", "指令回调URL", func(*openwork.Config) {}}}
	templateURL   = consoleURL{&consoleSettings{"template", "代开发模板回调URL", func(c *openwork.Config) { c.SuiteID = testTemplate }}}
	customizedApp = consoleURL{&consoleSettings{"customized app", "代开发应用回调URL", func(c *openwork.Config) {
		c.SuiteID = ""
		c.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return corpID == testCorp, nil }
	}}}
	systemEvents = consoleURL{&consoleSettings{"system events", "系统事件接收URL", func(c *openwork.Config) { c.SuiteID = "" }}}
	individual   = consoleURL{&consoleSettings{"app of an individual", "", func(c *openwork.Config) { c.AllowEmptyReceiveID = true }}}
)

// Every URL of the console with the Config that the README gives for it: what is encrypted for the right receive id is
// taken, and what is for any other is refused.
func TestChannels_ReceiveIDs(t *testing.T) {
	t.Parallel()
	suiteCommand := command("change_auth")
	templateCommand := strings.ReplaceAll(suiteCommand, testSuiteID, testTemplate)
	strangerCommand := strings.ReplaceAll(suiteCommand, testSuiteID, strangerSuite)
	resetCode := document("SuiteId", testTemplate, "InfoType", "reset_permanent_code", "TimeStamp", "1700000000", "AuthCode", "code")
	dataPush := dataEvent("change_app_admin", "AgentID", "218")
	strangerData := strings.ReplaceAll(dataPush, testCorp, strangerCorp)
	notice := document("ServiceCorpId", testProvider, "InfoType", "license_pay_success", "AuthCorpId", testCorp, "OrderId", "order",
		"TimeStamp", "1700000000")
	strangerNotice := strings.ReplaceAll(notice, testProvider, "wwprovider00000002")
	const echo = "" // the row is a URL check

	type row struct {
		what      string
		plaintext string
		receiveID string
		accepted  bool
	}
	for url, rows := range map[consoleURL][]row{
		thirdPartyApp: {
			{"URL check for the provider, as WeCom makes it", echo, testProvider, true},
			{"URL check for the suite", echo, testSuiteID, true},
			{"URL check for a customized app's corp, prefilled with the URL of its template", echo, testCorp, true},
			{"URL check for a corp that is none of the provider's", echo, "ww0123456789abcdef", false},
			{"URL check for nobody", echo, "", false},
			{"command for the suite", suiteCommand, testSuiteID, true},
			{"command for the corp it names, as on the data URL", command("device_data_auth_change"), testCorp, true},
			{"authorisation for the corp it names", suiteCommand, testCorp, false},
			{"command for the provider", suiteCommand, testProvider, false},
			{"command for another suite", suiteCommand, strangerSuite, false},
			{"command for a corp it does not name", suiteCommand, strangerCorp, false},
			{"command for nobody", suiteCommand, "", false},
			{"command of another suite", strangerCommand, testSuiteID, false},
			{"command of another suite, for that", strangerCommand, strangerSuite, false},
			{"suite_ticket of another suite", ticketXML(strangerSuite, "ticket", testNow), testSuiteID, false},
			{"data for the corp it names", dataPush, testCorp, true},
			{"data of another corp, without AllowCorp", strangerData, strangerCorp, true},
			{"data for the suite, as on the command URL", dataPush, testSuiteID, true},
			{"data for the provider", dataPush, testProvider, false},
			{"data for another corp", dataPush, strangerCorp, false},
			{"data for nobody", dataPush, "", false},
			{"text message for the corp", textMessage("hello"), testCorp, true},
			{"text message for another corp", textMessage("hello"), strangerCorp, false},
		},
		templateURL: {
			{"URL check for the provider", echo, testProvider, true},
			{"URL check for the provider's encrypted corpid", echo, "wpprovider00000001", true},
			{"URL check for the template", echo, testTemplate, true},
			{"URL check for nobody", echo, "", false},
			{"command for the template", templateCommand, testTemplate, true},
			{"new permanent code, which names no corp", resetCode, testTemplate, true},
			{"new permanent code, for the provider", resetCode, testProvider, false},
			{"suite_ticket of the template", ticketXML(testTemplate, "ticket", testNow), testTemplate, true},
			{"suite_ticket for the provider", ticketXML(testTemplate, "ticket", testNow), testProvider, false},
			{"command for the provider", templateCommand, testProvider, false},
			{"command for another suite", templateCommand, testSuiteID, false},
			{"command of another suite", suiteCommand, testTemplate, false},
			{"command of another suite, for that", suiteCommand, testSuiteID, false},
			{"command for nobody", templateCommand, "", false},
		},
		customizedApp: {
			{"URL check for the corp", echo, testCorp, true},
			{"URL check for the provider", echo, testProvider, true},
			{"URL check for another corp", echo, strangerCorp, false},
			{"URL check for nobody", echo, "", false},
			{"event for the corp", dataPush, testCorp, true},
			{"event in the form of address books", dataEvent("change_contact", "ChangeType", "create_user", "UserID", "zhangsan"), testCorp, true},
			{"text message for the corp", textMessage("hello"), testCorp, true},
			{"event for the provider", dataPush, testProvider, false},
			{"event for another corp", dataPush, strangerCorp, false},
			{"event of another corp, for that", strangerData, strangerCorp, false},
			{"event of another corp", strangerData, testCorp, false},
			{"event for a suite", dataPush, testSuiteID, false},
			{"event for nobody", dataPush, "", false},
			{"command of a suite", suiteCommand, testSuiteID, false},
			{"command of a suite, for the corp", suiteCommand, testCorp, false},
			{"suite_ticket of a suite, for the corp", ticketXML(testSuiteID, "ticket", testNow), testCorp, false},
		},
		systemEvents: {
			{"URL check for the provider", echo, testProvider, true},
			{"URL check for nobody", echo, "", false},
			{"notice for the provider", notice, testProvider, true},
			{"notice for the corp it names", notice, testCorp, false},
			{"notice for another provider", notice, "wwprovider00000002", false},
			{"notice for nobody", notice, "", false},
			{"notice of another provider", strangerNotice, testProvider, false},
			{"notice of another provider, for that", strangerNotice, "wwprovider00000002", false},
			{"data for the provider", dataPush, testProvider, false},
			{"command of a suite", suiteCommand, testSuiteID, false},
			{"command of a suite, for the provider", suiteCommand, testProvider, false},
		},
		individual: {
			{"URL check for nobody", echo, "", true},
			{"URL check for the provider", echo, testProvider, true},
			{"command for nobody", suiteCommand, "", true},
			{"data for nobody", dataPush, "", true},
			{"text message for nobody", textMessage("hello"), "", true},
			{"suite_ticket for nobody", ticketXML(testSuiteID, "ticket", testNow), "", true},
			{"command for another suite", suiteCommand, strangerSuite, false},
			{"command of another suite, for nobody", strangerCommand, "", false},
			{"data for another corp", dataPush, strangerCorp, false},
		},
	} {
		for _, row := range rows {
			t.Run(url.name+"/"+row.what, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, url.config)
				var messages []*openwork.Message
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					messages = append(messages, msg)
					return next(msg)
				})
				p := newPush(row.plaintext, func(p *push) { p.ReceiveID = row.receiveID })
				if row.plaintext == echo {
					p = newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = row.receiveID })
				}
				if !row.accepted {
					_, err := f.Serve(p.request())
					require.ErrorIs(t, err, openwork.ErrReceiveID)
					f.requireRefused(http.StatusForbidden, p.request())
					return
				}
				if row.plaintext == echo {
					w := f.do(p.request())
					require.Equal(t, http.StatusOK, w.Code, f.log.String())
					require.Equal(t, "1616140317555161061", w.Body.String())
					require.Empty(t, messages, "a handler ran")
					return
				}
				f.requireSuccess(p.request())
				require.Len(t, messages, 1)
				require.Equal(t, row.receiveID, messages[0].ReceiveID)
			})
		}
	}
}

// Each URL has a pair of its own: what is sealed with another's is refused, however right its receive id.
func TestChannels_Pairs(t *testing.T) {
	t.Parallel()
	for url, right := range map[consoleURL]*push{
		thirdPartyApp: newPush(command("change_auth")),
		templateURL:   newPush(strings.ReplaceAll(command("change_auth"), testSuiteID, testTemplate), func(p *push) { p.ReceiveID = testTemplate }),
		customizedApp: newPush(dataEvent("change_app_admin"), toCorp),
		systemEvents: newPush(document("ServiceCorpId", testProvider, "InfoType", "license_refund", "TimeStamp", "1700000000"),
			func(p *push) { p.ReceiveID = testProvider }),
		individual: newPush(dataEvent("change_app_admin"), func(p *push) { p.ReceiveID = "" }),
	} {
		t.Run(url.name, func(t *testing.T) {
			t.Parallel()
			check := newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = testProvider })
			for _, p := range []*push{right, check} {
				wrongToken, wrongKey := *p, *p
				wrongToken.Token = "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo"
				wrongKey.Key = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
				f := newFixture(t, url.config)
				f.requireRefused(http.StatusForbidden, wrongToken.request())
				f.requireRefused(http.StatusForbidden, wrongKey.request())
				w := f.do(p.request())
				require.Equal(t, http.StatusOK, w.Code)
			}
		})
	}
}

// One URL may serve as command URL and as data URL: the Server tells them apart by what is signed.
func TestChannels_OneURLForBoth(t *testing.T) {
	t.Parallel()
	f := newFixture(t, thirdPartyApp.config)
	f.requireSuccess(newPush(ticketXML(testSuiteID, "a ticket", testNow)).request())
	f.requireSuccess(newPush(textMessage("hello"), toCorp).request())
	f.requireSuccess(newPush(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan")).request())
	require.Equal(t, []string{"suite_ticket", "message.text", "change_contact.create_user"}, f.handledNames())
}

// The READMEs say which Config fits which URL.
func TestReadme_NamesEveryURL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		var table strings.Builder
		for line := range strings.Lines(string(readme)) {
			if strings.HasPrefix(line, "|") {
				table.WriteString(line)
			}
		}
		for _, words := range []string{thirdPartyApp.title, "数据回调URL", templateURL.title, customizedApp.title, systemEvents.title,
			"`SuiteID`", "`ProviderCorpID`", "`AllowCorp`", "`AllowEmptyReceiveID`"} {
			assert.Contains(t, table.String(), words, name)
		}
	}
}
