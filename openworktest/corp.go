package openworktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
)

// Corp is a customer, as one app knows it. Suite.Install, Suite.Authorize and
// Suite.Corp make one; it is safe for concurrent use.
type Corp struct {
	suite   *Suite
	id      string
	agentID int64 // the app in the corp

	// Under the platform's lock.
	state         string
	installed     bool
	permanentCode string
	grant         openwork.Authorization
	own           *CorpURL // of its customized app; nil: the template's
}

// newCorp makes a corp; the platform's lock is held.
func newCorp(s *Suite, id string) *Corp {
	number := s.platform.nextHeld("agent", s.suiteID)
	n, _ := strconv.ParseInt(number, 10, 64)
	c := &Corp{suite: s, id: id, agentID: 1000001 + n}
	level := 1
	if s.app == customized {
		level = 0
	}
	type object = map[string]any
	grant := object{
		"auth_corp_info": object{"corpid": id, "corp_name": "Corp " + number, "corp_full_name": "Corp " + number + " Ltd.",
			"corp_type": "verified", "corp_user_max": 200, "subject_type": 1, "corp_scale": "51-100", "corp_industry": "IT",
			"corp_sub_industry": "software"},
		"auth_user_info": object{"userid": "zhangsan", "name": "zhangsan",
			"open_userid": "wo" + s.platform.letters(30, "open_userid", id)},
		"auth_info": object{"agent": []any{object{"agentid": c.agentID, "name": "App", "is_customized_app": s.app == customized,
			"privilege": object{"level": level, "allow_party": []int{1}, "allow_user": []string{"zhangsan", "lisi"},
				"allow_tag": []int{}, "extra_party": []int{}, "extra_user": []string{}, "extra_tag": []int{}}}}},
	}
	if err := json.Unmarshal(raw(grant), &c.grant); err != nil {
		panic(err)
	}
	return c
}

// ID is the corpid, as the provider sees it: wp….
func (c *Corp) ID() string { return c.id }

// Format shows the id, not the secrets.
func (c *Corp) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "openworktest.Corp{%s}", c.id) }

// PermanentCode is the permanent code that is good now; "" before the
// auth_code is exchanged, and once the app is uninstalled.
func (c *Corp) PermanentCode() string {
	c.suite.platform.mu.Lock()
	defer c.suite.platform.mu.Unlock()
	return c.permanentCode
}

// SetState is the state of the install link or QR code that the corp uses from
// now on: create_auth and the permanent code's answer bring it.
func (c *Corp) SetState(state string) {
	c.suite.platform.mu.Lock()
	defer c.suite.platform.mu.Unlock()
	c.state = state
}

// authCode buys a permanent code.
type authCode struct {
	corp   *Corp
	issued time.Time
}

const authCodeLife = 10 * time.Minute

// newAuthCode makes an auth_code; the platform's lock is held.
func (c *Corp) newAuthCode() string {
	p := c.suite.platform
	value := p.secret(64, "auth_code", c.suite.suiteID, c.id, p.nextHeld("auth_code", c.suite.suiteID, c.id))
	p.authCodes[value] = &authCode{corp: c, issued: p.now()}
	return value
}

// install has the corp install the app.
func (c *Corp) install() (authCode, state string) {
	p := c.suite.platform
	p.mu.Lock()
	defer p.mu.Unlock()
	c.installed = true
	return c.newAuthCode(), c.state
}

// Install has the corp install the app, or install it again: see
// Suite.Install.
func (c *Corp) Install(ctx context.Context) (Answer, error) {
	code, state := c.install()
	return c.Push(ctx, &event.CreateAuth{AuthCode: code, State: state})
}

// Authorize has the corp install the app on the provider's own site: see
// Suite.Authorize.
func (c *Corp) Authorize(ctx context.Context) (authCode string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	authCode, _ = c.install()
	return authCode, nil
}

// Change has the corp change what the app may see or do: WeCom pushes
// change_auth. What changes is edited; get_auth_info answers with it. See
// document/path/100964.
func (c *Corp) Change(ctx context.Context, edits ...func(*openwork.Authorization)) (Answer, error) {
	if err := c.mustHaveInstalled(); err != nil {
		return Answer{}, err
	}
	p := c.suite.platform
	p.mu.Lock()
	changed := clone(c.grant)
	p.mu.Unlock()
	for _, edit := range edits {
		edit(&changed)
	}
	p.mu.Lock()
	c.grant = clone(changed)
	p.mu.Unlock()
	return c.Push(ctx, &event.ChangeAuth{})
}

// clone is a copy that shares nothing.
func clone(a openwork.Authorization) (c openwork.Authorization) {
	text, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		panic(err)
	}
	return c
}

// ResetPermanentCode has the corp reset the secret of its customized app:
// WeCom pushes reset_permanent_code with an auth_code. The old permanent code
// and what it bought are good until that is exchanged. It is an error for a
// third-party app, which has no such event. See document/path/94758.
func (c *Corp) ResetPermanentCode(ctx context.Context) (Answer, error) {
	if err := c.mustHaveInstalled(); err != nil {
		return Answer{}, err
	}
	p := c.suite.platform
	p.mu.Lock()
	code := c.newAuthCode()
	p.mu.Unlock()
	return c.Push(ctx, &event.ResetPermanentCode{AuthCode: code})
}

// Uninstall has the corp remove the app: its permanent code, its tokens and
// the auth_codes that were not exchanged stop working, and WeCom pushes
// cancel_auth. See document/path/100964.
func (c *Corp) Uninstall(ctx context.Context) (Answer, error) {
	if err := c.mustHaveInstalled(); err != nil {
		return Answer{}, err
	}
	p := c.suite.platform
	p.mu.Lock()
	c.installed, c.permanentCode = false, ""
	for value, code := range p.authCodes {
		if code.corp == c {
			delete(p.authCodes, value)
		}
	}
	p.mu.Unlock()
	c.EndToken()
	return c.Push(ctx, &event.CancelAuth{})
}

// EndToken ends the corp's access_token before its time, as WeCom may: it is
// answered 40014 from now on.
func (c *Corp) EndToken() { c.suite.platform.endTokens(func(t *token) bool { return t.corp == c }) }

func (c *Corp) mustHaveInstalled() error {
	c.suite.platform.mu.Lock()
	defer c.suite.platform.mu.Unlock()
	if !c.installed {
		return fmt.Errorf("openworktest: corp %s has not installed %s", c.id, c.suite.suiteID)
	}
	return nil
}

// Push pushes an event of the catalogue, in the form and to the URL that this
// kind of app gets. What the event's Head leaves out is filled in: corp, app,
// member and time; and a MsgId. Fields that are empty are not sent.
//
// It returns after the last attempt. An error is that of ctx, ErrNoURL, or says
// why WeCom would not push this: the event is not for this kind of app, or the
// corp has not installed it. Authorisation events are pushed even then; they
// change nothing for the API, unlike Install, Change and Uninstall.
func (c *Corp) Push(ctx context.Context, e event.Event) (Answer, error) {
	d, err := c.delivery(e)
	if err != nil {
		return Answer{}, err
	}
	return d.run(ctx)
}

// PushAll pushes several events, in the order and as many at a time as
// PlatformConfig says. The answers are in the order of the events; the error
// joins all theirs.
func (c *Corp) PushAll(ctx context.Context, events ...event.Event) ([]Answer, error) {
	deliveries := make([]*delivery, len(events))
	for i, e := range events {
		var err error
		if deliveries[i], err = c.delivery(e); err != nil {
			return nil, err
		}
	}
	p := c.suite.platform
	order := make(chan int, len(events))
	if p.config.Reorder {
		for _, i := range p.random("order", c.id, p.next("order", c.id)).Perm(len(events)) {
			order <- i
		}
	} else {
		for i := range events {
			order <- i
		}
	}
	close(order)
	answers, errs := make([]Answer, len(events)), make([]error, len(events))
	var workers sync.WaitGroup
	for range max(p.config.Concurrency, 1) {
		workers.Go(func() {
			for i := range order {
				answers[i], errs[i] = deliveries[i].run(ctx)
			}
		})
	}
	workers.Wait()
	return answers, errors.Join(errs...)
}

// Say has a member send the app a text. See document/path/90375.
func (c *Corp) Say(ctx context.Context, userID, text string) (Answer, error) {
	return c.Push(ctx, &event.MessageText{Head: event.Head{FromUserName: userID}, Content: text})
}

// PushXML pushes any text to the data URL, or to the customized app's, made
// for the corp: events that are not in the catalogue, and what no honest WeCom
// sends.
func (c *Corp) PushXML(ctx context.Context, xml string) (Answer, error) {
	return c.url().newDelivery(xml, c.id, c.id, c.agent(), false).run(ctx)
}

// delivery prepares a push.
func (c *Corp) delivery(e event.Event) (*delivery, error) {
	p := c.suite.platform
	n, _ := strconv.ParseInt(p.next("MsgId"), 10, 64)
	h := head{suiteID: c.suite.suiteID, corpID: c.id, providerCorpID: c.suite.providerCorpID, userID: "zhangsan", from: "sys",
		agentID: c.agent(), at: p.now(), msgID: 4561255354251000000 + n}
	text, form, err := document(e, c.suite.app, h)
	if err != nil {
		return nil, err
	}
	if what := describe(text); !what.isAuth() {
		if err := c.mustHaveInstalled(); err != nil {
			return nil, err
		}
	}
	url, receiveID := c.route(form)
	if receiveID == c.suite.suiteID {
		return url.newDelivery(text, receiveID, c.id, "", true), nil
	}
	return url.newDelivery(text, receiveID, c.id, h.agentID, false), nil
}

// route is the URL to which a form comes, and whom it is made for.
func (c *Corp) route(form catalogue.Form) (url *callback, receiveID string) {
	if form.Channel == "command" {
		return &c.suite.callback, c.suite.suiteID
	}
	return c.url(), c.id
}

func (c *Corp) agent() string { return strconv.FormatInt(c.agentID, 10) }

// CorpURL is the callback URL of a customized app that has one of its own.
type CorpURL struct {
	callback
	corp *Corp
}

// OwnURL gives the corp's customized app a callback URL with a Token and an
// EncodingAESKey of its own, in place of the template's, which it is prefilled
// with. From now on it gets what is not of the authorisation. It panics for a
// third-party app, which has no such URL.
func (c *Corp) OwnURL() *CorpURL {
	if c.suite.app != customized {
		panic("openworktest: only customized apps have URLs of their own")
	}
	p := c.suite.platform
	own := &CorpURL{callback: p.newCallback(c.suite.suiteID + ":" + c.id), corp: c}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.own == nil {
		c.own = own
	}
	return c.own
}

// Format shows the corp, not the secrets.
func (u *CorpURL) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openworktest.CorpURL{%s}", u.corp.id)
}

// Config is what the console says of the customized app: Token, EncodingAESKey
// and ProviderCorpID. Its Name is the corp's id, as it has no SuiteID. All else
// is left to the caller, a Cache too.
func (u *CorpURL) Config() openwork.Config {
	return openwork.Config{Name: u.corp.id, Token: u.token, EncodingAESKey: u.key, ProviderCorpID: u.corp.suite.providerCorpID}
}

// CheckURL does what the console does when the URL of the corp's customized
// app is saved: a GET with an echo that is made for the corp and must come back
// within a second. It is an error for a third-party app.
func (c *Corp) CheckURL(ctx context.Context) (Answer, error) {
	if c.suite.app != customized {
		return Answer{}, errors.New("openworktest: a third-party app has one URL for all corps: see Suite.CheckURL")
	}
	return c.url().newCheck(c.id, c.id).run(ctx)
}

// url is where what is made for the corp goes.
func (c *Corp) url() *callback {
	c.suite.platform.mu.Lock()
	defer c.suite.platform.mu.Unlock()
	if c.own != nil {
		return &c.own.callback
	}
	return &c.suite.callback
}
