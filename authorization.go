package openwork

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PreAuthCode is a pre_auth_code: what an install link is made with. Printing
// one does not show the code; it marshals in full.
type PreAuthCode struct {
	Code      string
	ExpiresIn time.Duration // 20 minutes
}

// String shows how long the code lives.
func (p PreAuthCode) String() string {
	return fmt.Sprintf("openwork.PreAuthCode{ExpiresIn: %s}", p.ExpiresIn)
}

// Format writes String, whatever the verb.
func (p PreAuthCode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue is the same for package slog.
func (p PreAuthCode) LogValue() slog.Value { return slog.StringValue(p.String()) }

// PreAuthCode gets a pre_auth_code. See document/path/90601.
func (c *Client) PreAuthCode(ctx context.Context) (*PreAuthCode, error) {
	var answer struct {
		Code      string  `json:"pre_auth_code"`
		ExpiresIn seconds `json:"expires_in"`
	}
	if err := c.suite.Get(ctx, "/cgi-bin/service/get_pre_auth_code", nil, &answer); err != nil {
		return nil, err
	}
	if answer.Code == "" {
		return nil, errors.New("openwork: get_pre_auth_code: no code in the answer")
	}
	return &PreAuthCode{Code: answer.Code, ExpiresIn: answer.ExpiresIn.duration()}, nil
}

// SessionInfo configures an installation.
type SessionInfo struct {
	AppID    []int64 `json:"appid,omitempty"` // suites of several apps only, which are no longer made
	AuthType int     `json:"auth_type"`       // 0: formal; 1: test, while the app is unpublished
}

// SetSessionInfo configures the installation that a pre_auth_code begins. See document/path/90602.
func (c *Client) SetSessionInfo(ctx context.Context, preAuthCode string, info SessionInfo) error {
	return c.suite.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/set_session_info", repeatable: true,
		body: map[string]any{"pre_auth_code": preAuthCode, "session_info": info}}, nil)
}

// InstallURL is the page on which an administrator installs the app. WeCom then redirects to redirectURI, whose domain
// must be one of the suite's, with auth_code, expires_in and state in the query. No create_auth is pushed for such an
// installation: exchange auth_code with PermanentCode. See document/path/90597.
func (c *Client) InstallURL(preAuthCode, redirectURI, state string) string {
	return "https://open.work.weixin.qq.com/3rdapp/install?" + url.Values{"suite_id": {c.suiteID},
		"pre_auth_code": {preAuthCode}, "redirect_uri": {redirectURI}, "state": {state}}.Encode()
}

// CustomizedAuthURL is the QR code with which administrators authorise customized apps of the templates.
type CustomizedAuthURL struct {
	QRCodeURL string
	ExpiresIn time.Duration
}

// CustomizedAuthURL makes a QR code for templates; state comes back in Authorization.State. It is a call of the provider's.
// See document/path/95436.
func (c *Client) CustomizedAuthURL(ctx context.Context, state string, templateIDs ...string) (*CustomizedAuthURL, error) {
	var answer struct {
		QRCodeURL string  `json:"qrcode_url"`
		ExpiresIn seconds `json:"expires_in"`
	}
	err := c.provider.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/get_customized_auth_url", repeatable: true,
		body: map[string]any{"state": state, "templateid_list": templateIDs}}, &answer)
	if err != nil {
		return nil, err
	}
	return &CustomizedAuthURL{QRCodeURL: answer.QRCodeURL, ExpiresIn: answer.ExpiresIn.duration()}, nil
}

// Authorization is what a corp has granted: the answer to the exchange of an auth_code, and to a question for auth info.
// Which parts there are depends on the call and on the kind of app.
//
// It holds secrets, PermanentCode and AccessToken. Printing or logging one shows
// neither. It marshals in full, but for Time and Raw, so that it can be stored:
// slog.JSONHandler marshals what it finds in a struct, a slice or a map, so log
// an Authorization by itself.
type Authorization struct {
	PermanentCode string `json:"permanent_code"` // exchange only; for a customized app it is the app's secret
	AccessToken   string `json:"access_token"`   // exchange v1, third-party apps only
	ExpiresIn     int64  `json:"expires_in"`     // of AccessToken, in seconds
	State         string `json:"state"`          // of the template's QR code or link

	AuthCorpInfo     AuthCorpInfo      `json:"auth_corp_info"`
	AuthUserInfo     *AuthUserInfo     `json:"auth_user_info"`     // who installed it; exchange only
	AuthInfo         AuthInfo          `json:"auth_info"`          // no agents for address-book and chat-archive suites
	DealerCorpInfo   *DealerCorpInfo   `json:"dealer_corp_info"`   // only if an agent sells the app
	RegisterCodeInfo *RegisterCodeInfo `json:"register_code_info"` // only if installed through a promotion QR code
	EditionInfo      *EditionInfo      `json:"edition_info"`       // paid apps only

	// Time is when the auth_code was exchanged, in whole seconds, the same
	// however often that is repeated; zero if none was. It is a time of WeCom's
	// clock, to be compared with those of its events: the answer's Date header,
	// unless a proxy's cache has answered (Age) or it is more than 10 minutes
	// from our clock; else the time of the newest suite_ticket and what has
	// elapsed since; else our clock's. Of two with one time the later arrival
	// is the newer.
	Time time.Time `json:"-"`

	Raw json.RawMessage `json:"-"` // the whole answer, with what this type does not name
}

// AuthCorpInfo is the corp that has authorised the app.
type AuthCorpInfo struct {
	CorpID            string     `json:"corpid"`
	CorpName          string     `json:"corp_name"`
	CorpType          string     `json:"corp_type"` // "verified" or "unverified"
	CorpSquareLogoURL string     `json:"corp_square_logo_url"`
	CorpUserMax       int        `json:"corp_user_max"`
	CorpAgentMax      int        `json:"corp_agent_max"`
	CorpFullName      string     `json:"corp_full_name"`    // verified corps
	VerifiedEndTime   int64      `json:"verified_end_time"` // unix seconds
	SubjectType       int        `json:"subject_type"`      // 1 company, 2 government, 3 other, 4 team
	CorpWxQRCode      string     `json:"corp_wxqrcode"`     // v1 only: what makes it slow
	CorpScale         string     `json:"corp_scale"`
	CorpIndustry      string     `json:"corp_industry"`
	CorpSubIndustry   string     `json:"corp_sub_industry"`
	Location          string     `json:"location"`
	CorpExName        CorpExName `json:"corp_ex_name"`
}

// CorpExName holds a corp's further names.
type CorpExName struct {
	NameList StringList `json:"name_list"`
}

// StringList is a list that WeCom writes as an array, or as one string.
type StringList []string

// UnmarshalJSON implements json.Unmarshaler. What is no string is left out: an error would lose all that comes after it.
func (l *StringList) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*l = nil
		if one != "" {
			*l = StringList{one}
		}
		return nil
	}
	var many []any
	*l = nil
	_ = json.Unmarshal(text, &many)
	for _, name := range many {
		if name, ok := name.(string); ok {
			*l = append(*l, name)
		}
	}
	return nil
}

// AuthUserInfo is the administrator who installed the app; each field may be empty.
type AuthUserInfo struct {
	UserID     string `json:"userid"`
	OpenUserID string `json:"open_userid"`
	Name       string `json:"name"`
	Avatar     string `json:"avatar"`
}

// AuthInfo lists the apps that were authorised: one, but for suites of several apps, which are no longer made.
type AuthInfo struct {
	Agents []Agent `json:"agent"`
}

// Agent is the app in the corp.
type Agent struct {
	AgentID         int64      `json:"agentid"`
	Name            string     `json:"name"`
	RoundLogoURL    string     `json:"round_logo_url"`
	SquareLogoURL   string     `json:"square_logo_url"`
	AppID           int64      `json:"appid"`     // no longer used
	AuthMode        int        `json:"auth_mode"` // 0: by an administrator, 1: by a member
	IsCustomizedApp bool       `json:"is_customized_app"`
	FromThirdParty  bool       `json:"auth_from_thirdapp"` // a customized app installed from within a third-party app
	Privilege       Privilege  `json:"privilege"`
	SharedFrom      SharedFrom `json:"shared_from"`
}

// Privilege is what the app may see: departments and tags by id, members by userid.
type Privilege struct {
	Level      int      `json:"level"` // 1 basic, 2 and 5 retired, 3 full, 4 single basic; 0 for a customized app
	AllowParty []int64  `json:"allow_party"`
	AllowUser  []string `json:"allow_user"`
	AllowTag   []int64  `json:"allow_tag"`
	ExtraParty []int64  `json:"extra_party"`
	ExtraUser  []string `json:"extra_user"`
	ExtraTag   []int64  `json:"extra_tag"`
}

// SharedFrom says which corp has shared the app with this one; zero if none has.
type SharedFrom struct {
	CorpID    string `json:"corpid"`
	ShareType int    `json:"share_type"` // 0: corp group, 1: upstream and downstream
}

// DealerCorpInfo is the agent that sells the app.
type DealerCorpInfo struct {
	CorpID   string `json:"corpid"`
	CorpName string `json:"corp_name"`
}

// RegisterCodeInfo is the promotion through which the corp came.
type RegisterCodeInfo struct {
	RegisterCode string `json:"register_code"`
	TemplateID   string `json:"template_id"`
	State        string `json:"state"`
}

// EditionInfo is what has been bought.
type EditionInfo struct {
	Agents []Edition `json:"agent"`
}

// Edition is the edition of a paid app. See document/path/91911.
type Edition struct {
	AgentID               int64  `json:"agentid"`
	EditionID             string `json:"edition_id"`
	EditionName           string `json:"edition_name"`
	AppStatus             int    `json:"app_status"` // 0 unpaid, 1 trial, 2 trial over, 3 paid, 4 expired, 5 unlimited trial, 6 and 7 over the seats
	UserLimit             int    `json:"user_limit"`
	ExpiredTime           int64  `json:"expired_time"` // unix seconds
	IsVirtualVersion      bool   `json:"is_virtual_version"`
	IsSharedFromOtherCorp bool   `json:"is_shared_from_other_corp"`
}

// String shows whose authorisation it is, without the secrets.
func (a Authorization) String() string {
	return fmt.Sprintf("openwork.Authorization{CorpID: %q, CorpName: %q}", a.AuthCorpInfo.CorpID, a.AuthCorpInfo.CorpName)
}

// Format writes String, whatever the verb.
func (a Authorization) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue is the same for package slog.
func (a Authorization) LogValue() slog.Value { return slog.StringValue(a.String()) }

// UnmarshalJSON implements json.Unmarshaler; it keeps the text as Raw. A field of another type than documented is left
// empty: an auth_code works once, and its answer must not be lost for the sake of a logo.
func (a *Authorization) UnmarshalJSON(text []byte) error {
	type plain Authorization
	var wrongType *json.UnmarshalTypeError
	if err := json.Unmarshal(text, (*plain)(a)); err != nil && !errors.As(err, &wrongType) {
		return err
	}
	a.Raw = append(json.RawMessage(nil), text...)
	return nil
}

// PermanentCode exchanges an auth_code, from create_auth, reset_permanent_code or an installation's redirect, for the
// corp's permanent code. See document/path/100776, and 97163 for customized apps.
//
// An auth_code works once, so the exchange is safe to repeat: once sent it goes on when ctx ends, for up to 10 seconds,
// and for 30 minutes every call with the same code, on any replica that shares the Cache, gets the same Authorization
// without another exchange. Store the permanent code before you answer success: under the event's time, or under
// Authorization.Time after an installation's redirect, which a browser may repeat much later.
func (c *Client) PermanentCode(ctx context.Context, authCode string) (*Authorization, error) {
	return c.exchange(ctx, "/cgi-bin/service/v2/get_permanent_code", authCode)
}

// PermanentCodeV1 is PermanentCode by the older endpoint, which is slower and answers more: an access_token, the app's
// privileges, the corp's size and trade. An auth_code can be exchanged by one of the two. See document/path/90603.
func (c *Client) PermanentCodeV1(ctx context.Context, authCode string) (*Authorization, error) {
	return c.exchange(ctx, "/cgi-bin/service/get_permanent_code", authCode)
}

// exchanges are those of the last 30 minutes that went well, and those on their way.
type exchanges struct {
	mu        sync.Mutex
	byKey     map[string]*exchange
	nextSweep time.Time
}

type exchange struct {
	answer *CachedToken // whose token is the answer of the API
	begun  time.Time
}

const exchangeKept = 30 * time.Minute

func (c *Client) exchange(ctx context.Context, path, authCode string) (*Authorization, error) {
	if authCode == "" {
		return nil, errors.New("openwork: empty auth_code")
	}
	key := "authorization:" + c.suiteID + ":" + fingerprint(authCode, "auth_code of "+c.suiteID)
	exchange := c.exchanges.of(key, func() *CachedToken {
		plan := fetchPlan{op: opOf(path), endpoint: opOf(path) + ":" + c.suiteID, prepare: (corpCode{suite: c.suite}).prepare, fetch: func(ctx context.Context) (newToken, error) {
			answer, at, err := c.exchangeOnce(ctx, path, authCode)
			return newToken{value: strconv.FormatInt(at.Unix(), 10) + " " + string(answer), life: exchangeKept}, err
		}}
		token := newCachedToken(key, c.stores, func(context.Context) (fetchPlan, error) { return plan, nil })
		token.once = true
		return token
	})
	kept, err := exchange.Token(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.exchanges.drop(key, exchange)
		}
		return nil, err
	}
	at, answer, _ := strings.Cut(kept, " ")
	authorization := &Authorization{Time: unixTime(at)}
	if err := json.Unmarshal([]byte(answer), authorization); err != nil {
		return nil, fmt.Errorf("openwork: get_permanent_code: the answer has another shape than documented: %w", shapeOnly(err))
	}
	return authorization, nil
}

// exchangeOnce is not repeated but after a refused suite_access_token, which
// WeCom looks at first. It also says when WeCom answered, by WeCom's clock.
func (c *Client) exchangeOnce(ctx context.Context, path, authCode string) (answer json.RawMessage, at time.Time, err error) {
	c.seeTicket(ctx)
	var header http.Header
	err = c.suite.do(ctx, call{method: http.MethodPost, path: path, body: map[string]string{"auth_code": authCode},
		header: &header}, &answer)
	if err != nil {
		return nil, time.Time{}, err
	}
	var head struct {
		PermanentCode string `json:"permanent_code"`
	}
	if json.Unmarshal(answer, &head) != nil || head.PermanentCode == "" {
		return nil, time.Time{}, errors.New("openwork: get_permanent_code: no permanent_code in the answer")
	}
	return answer, c.clock.at(header), nil
}

// seeTicket sets the clock by the newest ticket. It takes none of the time that
// the exchange needs.
func (c *Client) seeTicket(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, ticketTimeout)
	defer cancel()
	if ticket, err := c.tickets.Ticket(ctx, c.suiteID); err == nil {
		c.clock.saw(ticket.Time)
	}
}

// of returns the exchange under key, or begins one, and forgets old ones.
func (e *exchanges) of(key string, begin func() *CachedToken) *CachedToken {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if now.After(e.nextSweep) {
		e.nextSweep = now.Add(time.Minute)
		for key, old := range e.byKey {
			if now.Sub(old.begun) > exchangeKept {
				delete(e.byKey, key)
			}
		}
	}
	if known, ok := e.byKey[key]; ok {
		return known.answer
	}
	if e.byKey == nil {
		e.byKey = map[string]*exchange{}
	}
	begun := &exchange{answer: begin(), begun: now}
	e.byKey[key] = begun
	return begun.answer
}

// drop forgets an exchange that failed.
func (e *exchanges) drop(key string, failed *CachedToken) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, ok := e.byKey[key]; ok && known.answer == failed {
		delete(e.byKey, key)
	}
}

// AuthInfo reads what a corp has authorised; its permanent code is looked up as for Corp. See document/path/100779.
func (c *Client) AuthInfo(ctx context.Context, corpID string) (*Authorization, error) {
	return c.authInfo(ctx, "/cgi-bin/service/v2/get_auth_info", corpID)
}

// AuthInfoV1 is AuthInfo by the older, slower endpoint, which also makes AuthCorpInfo.CorpWxQRCode. See
// document/path/90604.
func (c *Client) AuthInfoV1(ctx context.Context, corpID string) (*Authorization, error) {
	return c.authInfo(ctx, "/cgi-bin/service/get_auth_info", corpID)
}

func (c *Client) authInfo(ctx context.Context, path, corpID string) (*Authorization, error) {
	code, err := c.permanentCode(ctx, corpID)
	if err != nil {
		return nil, err
	}
	ask := func(code string) (*Authorization, error) {
		answer := &Authorization{}
		err := c.suite.do(ctx, call{method: http.MethodPost, path: path, repeatable: true,
			body: map[string]string{"auth_corpid": corpID, "permanent_code": code}}, answer)
		return answer, revoked(corpID, err)
	}
	answer, err := ask(code)
	if errorCode(err) == codeBadPermanentCode {
		if newer, lookupErr := c.permanentCode(ctx, corpID); lookupErr == nil && newer != code {
			answer, err = ask(newer)
		}
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Admin is an administrator of the app.
type Admin struct {
	UserID     string `json:"userid"`
	OpenUserID string `json:"open_userid"` // SuiteAdmins only
	AuthType   int    `json:"auth_type"`   // 0: may send messages, 1: manages
}

// Admins lists the app's administrators in the corp; none if members authorised it themselves. See document/path/100073.
func (c *CorpClient) Admins(ctx context.Context) ([]Admin, error) {
	var answer struct {
		Admins []Admin `json:"admin"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/agent/get_admin_list", repeatable: true}, &answer)
	return answer.Admins, err
}

// SuiteAdmins lists the app's administrators by the older endpoint, which WeCom no longer maintains and which also knows
// their open_userid.
func (c *Client) SuiteAdmins(ctx context.Context, corpID string, agentID int64) ([]Admin, error) {
	var answer struct {
		Admins []Admin `json:"admin"`
	}
	err := c.suite.do(ctx, call{method: http.MethodPost, path: "/cgi-bin/service/get_admin_list", repeatable: true,
		body: map[string]any{"auth_corpid": corpID, "agentid": agentID}}, &answer)
	return answer.Admins, revoked(corpID, err)
}

// CallbackIPs lists the addresses and ranges that WeCom's pushes come from. Old and new ones overlap for a while when they
// change: ask daily. See document/path/91116.
func (c *CorpClient) CallbackIPs(ctx context.Context) ([]string, error) {
	return c.addresses(ctx, "/cgi-bin/getcallbackip")
}

// APIDomainIPs lists the addresses of WeCom's API host. See document/path/92520.
func (c *CorpClient) APIDomainIPs(ctx context.Context) ([]string, error) {
	return c.addresses(ctx, "/cgi-bin/get_api_domain_ip")
}

func (c *CorpClient) addresses(ctx context.Context, path string) ([]string, error) {
	var answer struct {
		Addresses []string `json:"ip_list"`
	}
	err := c.Get(ctx, path, nil, &answer)
	return answer.Addresses, err
}
