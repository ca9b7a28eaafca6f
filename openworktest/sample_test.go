package openworktest_test

import (
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every sample reaches a handler, in one Server that tells copies apart, with
// the configuration that the samples are made for.
func TestSamples_AllAreHandled(t *testing.T) {
	t.Parallel()
	server, err := openwork.NewServer(testConfig)
	require.NoError(t, err)
	var handled []*openwork.Message
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		handled = append(handled, msg)
		return next(msg)
	})
	samples := openworktest.Samples()
	msgIDs := map[string]bool{}
	for i, sample := range samples {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, openworktest.NewRequest(testConfig, sample.XML, sample.ReceiveID))
		require.Equal(t, "success", w.Body.String(), "%s on the %s channel", sample.Name, sample.Channel)
		require.Len(t, handled, i+1, sample.Name)
		msg := handled[i]
		assert.Equal(t, sample.Name, msg.Name())
		assert.WithinDuration(t, time.Now(), msg.Time, time.Minute, sample.Name)
		if msg.MsgType != "" && msg.MsgType != "event" {
			assert.False(t, msgIDs[msg.Get("MsgId")], "the MsgId of %s is that of another", sample.Name)
			msgIDs[msg.Get("MsgId")] = true
		}
	}
	assert.Len(t, msgIDs, 6)
}

// Samples are as many as the table has forms, with every field filled.
func TestSamples_AreOfTheTable(t *testing.T) {
	t.Parallel()
	events, err := catalogue.Events()
	require.NoError(t, err)
	samples := openworktest.SampleConfig{Time: time.Unix(catalogue.SampleTime, 0)}.Samples()
	for _, sample := range samples {
		if strings.Contains(sample.XML, "<AgentID>") {
			assert.Contains(t, sample.XML, "<AgentID>1000002</AgentID>")
		}
	}
	for _, e := range events {
		for _, form := range e.Forms {
			require.NotEmpty(t, samples)
			sample := samples[0]
			samples = samples[1:]
			assert.Equal(t, []string{e.Name, form.Channel, form.Apps}, []string{sample.Name, sample.Channel, sample.Apps})
			for _, f := range e.Fields {
				for _, step := range f.Path {
					assert.Contains(t, sample.XML, "<"+step.Name+">", "%s of %s", step.Name, sample.Name)
				}
			}
			for _, name := range form.Head {
				if name == "FromUserName=sys" {
					name = "FromUserName>" + "<![CDATA[sys]]></FromUserName"
				}
				assert.Contains(t, sample.XML, "<"+name+">", sample.Name)
			}
		}
	}
	assert.Empty(t, samples)
	assert.Equal(t, openworktest.SampleConfig{Time: time.Unix(5, 0)}.Samples(), openworktest.SampleConfig{Time: time.Unix(5, 0)}.Samples())
}

func TestSampleConfig(t *testing.T) {
	t.Parallel()
	config := openworktest.SampleConfig{Time: time.Unix(1_800_000_000, 0), SuiteID: "ww0000000000000002", ProviderCorpID: "ww0000000000000003",
		CorpID: "wp0000000000000004", UserID: "lisi", AgentID: 77}
	receiveIDs := map[string]string{"command": config.SuiteID, "data": config.CorpID, "provider": config.ProviderCorpID}
	users, agents, payers := 0, 0, 0
	for _, sample := range config.Samples() {
		assert.Equal(t, receiveIDs[sample.Channel], sample.ReceiveID)
		msg, err := newServer(t, openwork.Config{SuiteID: config.SuiteID, ProviderCorpID: config.ProviderCorpID}).
			DecryptedMessage(openworktest.NewRequest(testConfig, sample.XML, sample.ReceiveID))
		require.NoError(t, err, sample.Name)
		assert.Equal(t, int64(1_800_000_000), msg.Time.Unix())
		if msg.FromUserName == "lisi" {
			users++
		}
		if msg.AgentID == "77" {
			agents++
		}
		if paid := msg.Get("PaidCorpId"); paid != "" {
			payers++
			assert.Equal(t, config.CorpID, paid, sample.Name)
		}
		assert.Contains(t, []string{"", config.CorpID}, msg.CorpID, sample.Name)
	}
	assert.Greater(t, users, 10)
	assert.Greater(t, agents, 10)
	assert.Greater(t, payers, 4)
}

// newServer is one with the Token and key of testConfig, for messages of any
// time.
func newServer(t *testing.T, config openwork.Config) *openwork.Server {
	t.Helper()
	config.Token, config.EncodingAESKey, config.Tolerance = testToken, testKey, -1
	server, err := openwork.NewServer(config)
	require.NoError(t, err)
	return server
}

func TestSampleEvent(t *testing.T) {
	t.Parallel()
	assert.Nil(t, openworktest.SampleEvent("no_such_event"))
	assert.Nil(t, openworktest.SampleEvent(""))
	at := time.Unix(1_800_000_000, 0)
	user := openworktest.SampleConfig{Time: at}.Event(event.NameCreateUser).(*event.CreateUser)
	assert.NotEmpty(t, user.UserID)
	assert.Len(t, user.ExtAttr, 2)
	assert.Len(t, user.Department, 2)
	assert.Equal(t, event.Head{}, user.Head)
	another := openworktest.SampleConfig{Time: at}.Event(event.NameCreateUser)
	assert.Equal(t, event.Event(user), another)
	assert.NotSame(t, user, another)

	approval := openworktest.SampleConfig{Time: at}.Event(event.NameSysApprovalChange).(*event.SysApprovalChange)
	assert.True(t, approval.ApprovalInfo.ApplyTime.Before(at.Add(time.Second)), "what happened is past")
	assert.True(t, approval.ApprovalInfo.ApplyTime.After(at.Add(-24*time.Hour)))

	events, err := catalogue.Events()
	require.NoError(t, err)
	for _, e := range events {
		filled := openworktest.SampleEvent(e.Name)
		require.NotNil(t, filled, e.Name)
		v := reflect.ValueOf(filled).Elem()
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Head", "MsgID":
			default:
				assert.False(t, v.Field(i).IsZero(), "%s of %s is empty", name, e.Name)
			}
		}
	}
}
