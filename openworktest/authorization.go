package openworktest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/openwork-go/openwork"
)

// preAuthCode begins an installation on the provider's own site.
type preAuthCode struct {
	suite  *Suite
	issued time.Time
}

const (
	preAuthCodeLife = 1200 * time.Second
	qrCodeLife      = 30 * 24 * time.Hour
)

// getPreAuthCode: document/path/90601.
func (p *Platform) getPreAuthCode(c *Call) any {
	value := p.secret(64, "pre_auth_code", c.SuiteID, p.nextHeld("pre_auth_code", c.SuiteID))
	p.preAuthCodes[value] = &preAuthCode{suite: c.suite, issued: p.now()}
	return map[string]any{"pre_auth_code": value, "expires_in": int64(preAuthCodeLife / time.Second)}
}

// checkPreAuthCode is the errcode for a pre_auth_code, or 0; p.mu is held.
func (p *Platform) checkPreAuthCode(value, suiteID string) Errcode {
	code := p.preAuthCodes[value]
	switch {
	case code == nil || code.suite.suiteID != suiteID:
		return 40077
	case p.now().Sub(code.issued) >= preAuthCodeLife:
		return 42007
	}
	return 0
}

// setSessionInfo: document/path/90602.
func (p *Platform) setSessionInfo(c *Call) any {
	var body struct {
		Code string `json:"pre_auth_code"`
		Info *struct {
			AppID    []int `json:"appid"`
			AuthType int   `json:"auth_type"`
		} `json:"session_info"`
	}
	switch {
	case c.Decode(&body) != nil:
		return Errcode(40058)
	case body.Info == nil:
		return Errcode(40063)
	case body.Info.AuthType != 0 && body.Info.AuthType != 1:
		return Errcode(40058)
	}
	if code := p.checkPreAuthCode(body.Code, c.SuiteID); code != 0 {
		return code
	}
	return nil
}

const installPath = "/3rdapp/install"

// installPage is what an administrator's browser gets who opens the install
// link and agrees: the way back to redirect_uri, with an auth_code of a corp
// that has just installed the app. A pre_auth_code is good for one install.
// p.mu is held.
func (p *Platform) installPage(c *Call) http.Handler {
	q := c.Query
	target, err := url.Parse(q.Get("redirect_uri"))
	code := p.checkPreAuthCode(q.Get("pre_auth_code"), q.Get("suite_id"))
	if code == 0 && (err != nil || target.Host == "") {
		code = 50001 // no trusted domain
	}
	if code != 0 {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "openworktest: the app cannot be installed: errcode "+strconv.Itoa(int(code)), http.StatusBadRequest)
		})
	}
	delete(p.preAuthCodes, q.Get("pre_auth_code"))
	s := p.suites[q.Get("suite_id")]
	id := "wp" + p.letters(30, "corp", p.nextHeld("corp"))
	corp := newCorp(s, id)
	corp.installed, s.corps[id] = true, corp
	back := target.Query()
	back.Set("auth_code", corp.newAuthCode())
	back.Set("expires_in", strconv.Itoa(int(authCodeLife/time.Second)))
	if state := q.Get("state"); state != "" {
		back.Set("state", state)
	}
	target.RawQuery = back.Encode()
	return http.RedirectHandler(target.String(), http.StatusFound)
}

// getCustomizedAuthURL: document/path/95436. Template.Scan scans the code.
func (p *Platform) getCustomizedAuthURL(c *Call) any {
	var body struct {
		State     string   `json:"state"`
		Templates []string `json:"templateid_list"`
	}
	switch {
	case c.Decode(&body) != nil:
		return Errcode(40058)
	case len(body.Templates) == 0:
		return Errcode(40063)
	}
	for _, id := range body.Templates {
		if s := p.suites[id]; s == nil || s.app != customized {
			return Errcode(40083)
		}
	}
	code := p.secret(32, "qrcode", p.nextHeld("qrcode"))
	p.qrCodes[code] = &qrCode{state: body.State, templates: body.Templates, issued: p.now()}
	return map[string]any{"qrcode_url": "https://open.work.weixin.qq.com/3rdservice/wework/customized?code=" + code,
		"expires_in": int64(qrCodeLife / time.Second)}
}

// qrCode is one with which templates are authorised.
type qrCode struct {
	state     string
	templates []string
	issued    time.Time
}

// scanned is the state of a QR code for a template.
func (p *Platform) scanned(qrCodeURL, templateID string) (state string, ok bool) {
	u, err := url.Parse(qrCodeURL)
	if err != nil {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := p.qrCodes[u.Query().Get("code")]
	if code == nil || !slices.Contains(code.templates, templateID) || p.now().Sub(code.issued) >= qrCodeLife {
		return "", false
	}
	return code.state, true
}

// exchange takes an auth_code, which works once, and gives the corp a new
// permanent code; the one before and what it bought end. p.mu is held.
func (p *Platform) exchange(c *Call) (*Corp, Errcode) {
	value := &field{"auth_code", 41008, ""}
	if code := c.fields(value); code != 0 {
		return nil, code
	}
	code := p.authCodes[value.value]
	if code == nil || code.corp.suite != c.suite || p.now().Sub(code.issued) >= authCodeLife {
		return nil, 40078
	}
	delete(p.authCodes, value.value)
	corp := code.corp
	p.endTokensHeld(func(t *token) bool { return t.corp == corp })
	corp.permanentCode = p.secret(43, "permanent_code", c.SuiteID, corp.id, p.nextHeld("permanent_code", c.SuiteID, corp.id))
	return corp, 0
}

// getPermanentCode: documents 100776 and 97163.
func (p *Platform) getPermanentCode(c *Call) any {
	corp, code := p.exchange(c)
	if code != 0 {
		return code
	}
	return corp.permanentCodeAnswer()
}

// permanentCodeAnswer is what v2 answers to an exchange.
func (c *Corp) permanentCodeAnswer() bare {
	answer := bare{
		"permanent_code": c.permanentCode,
		"auth_corp_info": map[string]any{"corpid": c.id, "corp_name": c.grant.AuthCorpInfo.CorpName},
	}
	if c.grant.AuthUserInfo != nil {
		answer["auth_user_info"] = raw(c.grant.AuthUserInfo)
	}
	if c.grant.RegisterCodeInfo != nil {
		answer["register_code_info"] = raw(c.grant.RegisterCodeInfo)
	}
	if c.state != "" {
		answer["state"] = c.state
	}
	return answer
}

// getPermanentCodeV1 answers more: document/path/90603.
func (p *Platform) getPermanentCodeV1(c *Call) any {
	corp, code := p.exchange(c)
	if code != 0 {
		return code
	}
	answer := corp.permanentCodeAnswer()
	maps.Copy(answer, corp.authInfo(true))
	if corp.suite.app == thirdParty {
		answer["access_token"], answer["expires_in"] = p.corpTokenOf(corp)
	}
	return answer
}

// authorized is the corp of a call that names it and its permanent code; p.mu
// is held.
func (p *Platform) authorized(c *Call) (*Corp, Errcode) {
	corpID, secret := &field{"auth_corpid", 41002, ""}, &field{"permanent_code", 41025, ""}
	if code := c.fields(corpID, secret); code != 0 {
		return nil, code
	}
	corp := c.suite.corps[corpID.value]
	switch {
	case corp == nil && !p.knowsCorp(corpID.value):
		return nil, p.wrongSecret(40013)
	case corp == nil || corp.permanentCode == "" || corp.permanentCode != secret.value:
		return nil, p.wrongSecret(40084)
	}
	return corp, 0
}

// knowsCorp tells whether any app has a corp of the id; p.mu is held.
func (p *Platform) knowsCorp(id string) bool {
	for _, s := range p.suites {
		if s.corps[id] != nil {
			return true
		}
	}
	return false
}

// getAuthInfo: document/path/100779.
func (p *Platform) getAuthInfo(c *Call) any { return p.authInfo(c, false) }

// getAuthInfoV1 makes the QR code too: document/path/90604.
func (p *Platform) getAuthInfoV1(c *Call) any { return p.authInfo(c, true) }

func (p *Platform) authInfo(c *Call, withQRCode bool) any {
	corp, code := p.authorized(c)
	if code != 0 {
		return code
	}
	return corp.authInfo(withQRCode)
}

// authInfo is what the corp has granted, by the parts that there are.
func (c *Corp) authInfo(withQRCode bool) map[string]any {
	info := c.grant.AuthCorpInfo
	if withQRCode {
		info.CorpWxQRCode = "https://wework.qpic.cn/wwpic/" + c.suite.platform.letters(16, "corp_wxqrcode", c.id)
	}
	answer := map[string]any{"auth_corp_info": raw(info)}
	if len(c.grant.AuthInfo.Agents) > 0 {
		answer["auth_info"] = raw(c.grant.AuthInfo)
	}
	if c.grant.DealerCorpInfo != nil {
		answer["dealer_corp_info"] = raw(c.grant.DealerCorpInfo)
	}
	if c.grant.EditionInfo != nil {
		answer["edition_info"] = raw(c.grant.EditionInfo)
	}
	return answer
}

// raw is JSON of now: what it was made from may change.
func raw(v any) json.RawMessage { return marshal(v) }

// getAdmins: document/path/100073.
func (p *Platform) getAdmins(c *Call) any {
	return map[string]any{"admin": c.corp.admins(func(a openwork.Admin) any {
		return map[string]any{"userid": a.UserID, "auth_type": a.AuthType}
	})}
}

// getSuiteAdmins is the older endpoint, which no page describes any more.
func (p *Platform) getSuiteAdmins(c *Call) any {
	var body struct {
		CorpID  string `json:"auth_corpid"`
		AgentID int64  `json:"agentid"`
	}
	if c.Decode(&body) != nil {
		return Errcode(40058)
	}
	corp := c.suite.corps[body.CorpID]
	switch {
	case body.CorpID == "":
		return Errcode(41002)
	case corp == nil && !p.knowsCorp(body.CorpID):
		return Errcode(40013)
	case corp == nil || !corp.installed:
		return Errcode(48004)
	case body.AgentID != corp.agentID:
		return Errcode(40056)
	}
	return map[string]any{"admin": corp.admins(func(a openwork.Admin) any { return a })}
}

// admins are the app's administrators: the one who installed it, but none
// where members authorise it themselves. The platform's lock is held.
func (c *Corp) admins(show func(openwork.Admin) any) []any {
	agents, user := c.grant.AuthInfo.Agents, c.grant.AuthUserInfo
	if user == nil || len(agents) > 0 && agents[0].AuthMode == 1 {
		return []any{}
	}
	return []any{show(openwork.Admin{UserID: user.UserID, OpenUserID: user.OpenUserID, AuthType: 1})}
}

// getCallbackIP: document/path/91116. The addresses are of nobody.
func (p *Platform) getCallbackIP(*Call) any {
	return map[string]any{"ip_list": []string{"192.0.2.10", "198.51.100.0/24"}}
}

// getAPIDomainIP: document/path/92520.
func (p *Platform) getAPIDomainIP(*Call) any {
	return map[string]any{"ip_list": []string{"203.0.113.7"}}
}
