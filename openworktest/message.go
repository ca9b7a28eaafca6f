package openworktest

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
)

// NewMessage is an event as a handler gets it, to test the handler alone: it
// was sealed and opened again with config. It comes in the form of a
// third-party app; of a customized app, if SuiteID begins with dk or is empty;
// or of the system event URL, if SuiteID is empty and there is such a form.
//
// What the event's Head leaves out is that of Samples, as of now; so is what
// config lacks. The message's context is t's. The test fails for an event that
// WeCom does not push to this kind of app, and for one that config refuses.
func NewMessage(t testing.TB, config openwork.Config, e event.Event) *openwork.Message {
	t.Helper()
	var app string
	switch {
	case strings.HasPrefix(config.SuiteID, "dk"):
		app = customized
	case config.SuiteID != "", config.ProviderCorpID == "" && config.AllowCorp == nil:
		app = thirdParty
		orElse(&config.SuiteID, func() string { return catalogue.SampleSuite })
	default:
		if app = ofProvider; config.ProviderCorpID == "" || !hasForm(e, ofProvider) {
			app = customized
		}
	}
	orElse(&config.Token, func() string { return "openworktest" })
	orElse(&config.EncodingAESKey, func() string { return strings.Repeat("openworktest", 4)[:43] })
	config.Tolerance, config.MaxAge = -1, 0 // it may be about a time long ago

	ids := SampleConfig{SuiteID: config.SuiteID, ProviderCorpID: config.ProviderCorpID}.withDefaults()
	h := head{suiteID: ids.SuiteID, corpID: ids.CorpID, providerCorpID: ids.ProviderCorpID, userID: ids.UserID, from: "sys",
		agentID: strconv.FormatInt(ids.AgentID, 10), at: ids.Time, msgID: time.Now().UnixNano()}
	text, form, err := document(e, app, h)
	if err != nil {
		t.Fatal(err)
	}
	server, err := openwork.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	receiveID := receiveIDOf(form, h.under(headOf(reflect.ValueOf(e).Elem())))
	msg, err := server.DecryptedMessage(NewRequest(config, text, receiveID).WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func hasForm(e event.Event, app string) bool {
	_, _, err := formOf(e, app)
	return err == nil
}
