package openworktest_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewMessage(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_600_000_000, 0)
	allow := func(_ context.Context, corpID string) (bool, error) { return corpID == testCorp, nil }
	for name, row := range map[string]struct {
		config    openwork.Config
		event     event.Event
		name      string
		receiveID string
	}{
		"third-party app":            {testConfig, &event.CreateUser{UserID: "lisi"}, "change_contact.create_user", testSuite},
		"its data URL":               {testConfig, &event.MessageText{Content: "hi"}, "message.text", testCorp},
		"its ticket":                 {testConfig, &event.SuiteTicket{SuiteTicket: "x"}, "suite_ticket", testSuite},
		"nothing configured":         {openwork.Config{}, &event.CreateUser{UserID: "lisi"}, "change_contact.create_user", testSuite},
		"template":                   {openwork.Config{SuiteID: "dk1"}, &event.CreateAuth{AuthCode: "x"}, "create_auth", "dk1"},
		"customized app, shared URL": {openwork.Config{SuiteID: "dk1"}, &event.CreateUser{UserID: "lisi"}, "change_contact.create_user", testCorp},
		"customized app, own URL":    {openwork.Config{ProviderCorpID: "wwprovider00000001"}, &event.CreateUser{}, "change_contact.create_user", testCorp},
		"customized app, AllowCorp":  {openwork.Config{AllowCorp: allow}, &event.CreateUser{}, "change_contact.create_user", testCorp},
		"system event URL":           {openwork.Config{ProviderCorpID: "wwprovider00000002"}, &event.LicensePaySuccess{}, "license_pay_success", "wwprovider00000002"},
		"of long ago":                {openwork.Config{SuiteID: testSuite, MaxAge: time.Hour}, &event.CreateUser{Head: event.Head{Time: at}}, "change_contact.create_user", testSuite},
		"of another corp":            {testConfig, &event.MessageText{Head: event.Head{ToUserName: "wpanother000000001"}}, "message.text", "wpanother000000001"},
	} {
		t.Run(name, func(t *testing.T) {
			msg := openworktest.NewMessage(t, row.config, row.event)
			assert.Equal(t, row.name, msg.Name())
			assert.Equal(t, row.receiveID, msg.ReceiveID)
			if name == "of long ago" {
				assert.Equal(t, at, msg.Time)
			} else {
				assert.WithinDuration(t, time.Now(), msg.Time, time.Minute)
			}
			assert.True(t, t.Context() == msg.Context())
		})
	}

	// It is what a handler takes.
	handler := func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) { return next(msg) }
	reached := false
	_, err := handler(openworktest.NewMessage(t, testConfig, &event.CreateUser{UserID: "lisi"}),
		func(msg *openwork.Message) (openwork.Reply, error) {
			reached = msg.Get("UserID") == "lisi"
			return openwork.Success, nil
		})
	require.NoError(t, err)
	assert.True(t, reached)
}

// fatalTB keeps what NewMessage fails with.
type fatalTB struct {
	testing.TB
	failed []any
}

func (f *fatalTB) Fatal(args ...any) {
	f.failed = append(f.failed, args...)
	runtime.Goexit()
}

// The test fails for what no handler would get.
func TestNewMessage_Fails(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		config openwork.Config
		event  event.Event
	}{
		"an event of other apps":     {testConfig, &event.ResetPermanentCode{}},
		"no event":                   {testConfig, (*event.CreateUser)(nil)},
		"a config that is not right": {openwork.Config{SuiteID: "no id!"}, &event.CreateUser{}},
		"a corp that is refused": {openwork.Config{SuiteID: testSuite, AllowCorp: func(context.Context, string) (bool, error) { return false, nil }},
			&event.MessageText{}},
		"a store that is down": {openwork.Config{Tickets: downStore{}}, &event.SuiteTicket{SuiteTicket: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &fatalTB{TB: t}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				openworktest.NewMessage(tb, row.config, row.event)
			}()
			<-ended
			assert.NotEmpty(t, tb.failed)
		})
	}
}

type downStore struct{}

func (downStore) PutTicket(context.Context, string, openwork.SuiteTicket) error {
	return errors.New("down")
}

func (downStore) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{}, errors.New("down")
}
