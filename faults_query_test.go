package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// The faults of the query and the method, as numbered in docs/faults.md.

func TestQ1_MissingParameters(t *testing.T) {
	t.Parallel()
	names := []string{"msg_signature", "timestamp", "nonce"}
	for missing := 1; missing < 1<<len(names); missing++ {
		p := newPush(command("change_auth"))
		var absent []string
		for i, name := range names {
			if missing&(1<<i) != 0 {
				absent = append(absent, name)
			}
		}
		t.Run("without "+strings.Join(absent, " and "), func(t *testing.T) {
			for _, name := range absent { // The signature is right for the empty text, so only the absence is wrong.
				switch name {
				case "timestamp":
					p.Timestamp = ""
				case "nonce":
					p.Nonce = ""
				}
			}
			whole := p.parts()
			q := url.Values{"msg_signature": {whole.Signature}, "timestamp": {whole.Timestamp}, "nonce": {whole.Nonce}}
			for _, name := range absent {
				q.Del(name)
			}
			requireMalformed(t, func() *http.Request { return whole.requestWithQuery(q.Encode()) })
		})
	}
}

func TestQ2_EmptyParameters(t *testing.T) {
	t.Parallel()
	rows := map[string]func(*push){
		"timestamp":           func(p *push) { p.Timestamp = "" },
		"nonce":               func(p *push) { p.Nonce = "" },
		"timestamp and nonce": func(p *push) { p.Timestamp, p.Nonce = "", "" },
		"msg_signature": func(p *push) {
			p.RawQuery = "msg_signature=&timestamp=" + p.Timestamp + "&nonce=" + p.Nonce
		},
		"msg_signature without an equals sign": func(p *push) {
			p.RawQuery = "msg_signature&timestamp=" + p.Timestamp + "&nonce=" + p.Nonce
		},
		"all three": func(p *push) { p.RawQuery = "msg_signature=&timestamp=&nonce=" },
	}
	for name, empty := range rows {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, newPush(command("change_auth"), empty).request)
		})
	}
	t.Run("echostr", func(t *testing.T) {
		p := newURLCheck("1616140317555161061")
		p.Signature = refSign(p.Token, p.Timestamp, p.Nonce, "")
		requireMalformed(t, func() *http.Request {
			return p.requestWithQuery(p.signedQuery() + "&echostr=")
		})
	})
}

func TestQ3_RepeatedParameters(t *testing.T) {
	t.Parallel()
	other := map[string]string{
		"msg_signature": strings.Repeat("0", 40), "timestamp": "1700000001", "nonce": "1372623150",
	}
	for name, different := range other {
		p := newPush(command("change_auth")).parts()
		valid, err := url.ParseQuery(p.RawQuery)
		require.NoError(t, err)
		rows := map[string]string{
			"equal":                          p.RawQuery + "&" + name + "=" + valid.Get(name),
			"different, the right one first": p.RawQuery + "&" + name + "=" + different,
			"different, the right one last":  name + "=" + different + "&" + p.RawQuery,
			"the second one empty":           p.RawQuery + "&" + name + "=",
			"the second one without value":   p.RawQuery + "&" + name,
			"the second name escaped":        p.RawQuery + "&" + escapeAll(name) + "=" + different,
		}
		for row, query := range rows {
			t.Run(name+" "+row, func(t *testing.T) {
				requireMalformed(t, func() *http.Request { return p.requestWithQuery(query) })
			})
		}
	}
	t.Run("echostr", func(t *testing.T) {
		p := newURLCheck("1616140317555161061").parts()
		requireMalformed(t, func() *http.Request {
			return p.requestWithQuery(p.RawQuery + "&echostr=" + url.QueryEscape(p.Encrypt))
		})
	})
	t.Run("one escaped name is still that name", func(t *testing.T) {
		p := newPush(command("change_auth")).parts()
		newFixture(t).requireSuccess(p.requestWithQuery(strings.Replace(p.RawQuery, "nonce=", escapeAll("nonce")+"=", 1)))
	})
}

func TestQ4_TimestampShape(t *testing.T) {
	t.Parallel()
	now := strconv.FormatInt(testNow.Unix(), 10)
	for _, timestamp := range []string{
		"-1", "+1", "1e9", " 1", "１", "170000000000", // as docs/faults.md lists them
		"-" + now, "+" + now, " " + now, now + " ", now + ".0", "0x" + now[2:], now + "\n", now + "\x00",
		strings.Repeat("１", 3), "00" + now,
	} {
		t.Run(fmt.Sprintf("%q", timestamp), func(t *testing.T) {
			p := newPush(command("change_auth"), func(p *push) { p.Timestamp = timestamp })
			requireMalformed(t, p.request)
			requireMalformed(t, p.request, func(cfg *openwork.Config) { cfg.Tolerance = -1 })
		})
	}
	for _, timestamp := range []string{"0", "1", "00000000001", "99999999999"} {
		t.Run("shape accepted "+timestamp, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Tolerance = -1 })
			f.requireSuccess(newPush(command("change_auth"), func(p *push) { p.Timestamp = timestamp }).request())
		})
	}
	t.Run("eleven digits inside the window are compared as a number", func(t *testing.T) {
		newFixture(t).requireSuccess(newPush(command("change_auth"), func(p *push) { p.Timestamp = "0" + now }).request())
	})
}

func TestQ5_NonceShape(t *testing.T) {
	t.Parallel()
	for _, nonce := range []string{
		strings.Repeat("a", 33), "137262+3149", "137262=3149", "13726\x003149", "13726\x803149", "随机数",
		"137262 3149", "137262.3149", "137262/3149", "1372623149\n", "１３７２６２",
	} {
		t.Run(fmt.Sprintf("%q", nonce), func(t *testing.T) {
			requireMalformed(t, newPush(command("change_auth"), func(p *push) { p.Nonce = nonce }).request)
		})
	}
}

func TestQ6_NonceAccepted(t *testing.T) {
	t.Parallel()
	for _, nonce := range []string{
		"q7Zk2mB9xT4cV1nA", "137262314", "1372623149", // seen in the wild
		"a", strings.Repeat("z", 32), "aZ09-_",
	} {
		t.Run(nonce, func(t *testing.T) {
			f := newFixture(t)
			f.requireSuccess(newPush(command("change_auth"), func(p *push) { p.Nonce = nonce }).request())
			require.Equal(t, []string{"change_auth"}, f.handledNames())
		})
	}
}

func TestQ7_SignatureShape(t *testing.T) {
	t.Parallel()
	malformed := map[string]func(signature string) string{
		"39 characters":       func(s string) string { return s[:39] },
		"41 characters":       func(s string) string { return s + "0" },
		"not hexadecimal":     func(s string) string { return "g" + s[1:] },
		"full-width digit":    func(s string) string { return "０" + s[3:] },
		"a blank before it":   func(s string) string { return " " + s },
		"a newline behind it": func(s string) string { return s + "\n" },
	}
	for name, breakIt := range malformed {
		t.Run(name, func(t *testing.T) {
			p := newPush(command("change_auth")).parts()
			p.Signature, p.RawQuery = breakIt(p.Signature), ""
			requireMalformed(t, p.request)
		})
	}
	t.Run("upper case is the same number", func(t *testing.T) {
		p := newPush(command("change_auth")).parts()
		p.Signature, p.RawQuery = strings.ToUpper(p.Signature), ""
		newFixture(t).requireSuccess(p.request())
	})
	t.Run("upper case of another number is not", func(t *testing.T) {
		p := newPush(command("change_auth")).parts()
		p.Signature, p.RawQuery = strings.Repeat("ABCDEF0123", 4), ""
		newFixture(t).requireRefused(http.StatusForbidden, p.request())
	})
}

func TestQ8_QueryThatNetURLWouldMisread(t *testing.T) {
	t.Parallel()
	const limit = 8 << 10
	rows := map[string]func(valid string) string{
		"semicolons as separators":          func(q string) string { return strings.ReplaceAll(q, "&", ";") },
		"a semicolon in a foreign pair":     func(q string) string { return q + "&a=1;b=2" },
		"a semicolon at the end":            func(q string) string { return q + ";" },
		"a query one byte over 8 KiB":       func(q string) string { return padQuery(q, limit+1) },
		"a query of 1 MiB":                  func(q string) string { return padQuery(q, 1<<20) },
		"20 000 parameters behind":          func(q string) string { return q + strings.Repeat("&a", 20_000) },
		"20 000 parameters before":          func(q string) string { return strings.Repeat("a&", 20_000) + q },
		"20 000 empty parameters":           func(q string) string { return q + strings.Repeat("&", 20_000) },
		"a broken escape in a foreign pair": func(q string) string { return q + "&a=%zz" },
		"a broken escape in a foreign name": func(q string) string { return q + "&%zz=a" },
		"a cut escape at the end":           func(q string) string { return q + "&a=%4" },
		"a broken escape in the nonce":      func(q string) string { return strings.Replace(q, "nonce=", "nonce=%g1", 1) },
	}
	for name, breakIt := range rows {
		t.Run(name, func(t *testing.T) {
			p := newPush(command("change_auth")).parts()
			requireMalformed(t, func() *http.Request { return p.requestWithQuery(breakIt(p.RawQuery)) })
		})
	}
	t.Run("8 KiB are accepted", func(t *testing.T) {
		p := newPush(command("change_auth")).parts()
		newFixture(t).requireSuccess(p.requestWithQuery(padQuery(p.RawQuery, limit)))
	})
	t.Run("an escaped semicolon is a value like any other", func(t *testing.T) {
		p := newPush(command("change_auth")).parts()
		newFixture(t).requireSuccess(p.requestWithQuery(p.RawQuery + "&a=1%3Bb=2"))
	})
}

func TestQ9_ParametersInTheBody(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	form := func(values url.Values) func(*http.Request) {
		return func(r *http.Request) {
			body := values.Encode()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	signed := url.Values{"msg_signature": {p.Signature}, "timestamp": {p.Timestamp}, "nonce": {p.Nonce}}
	withCiphertext := url.Values{"Encrypt": {p.Encrypt}, "echostr": {p.Encrypt}}
	for name, values := range signed {
		withCiphertext[name] = values
	}
	rows := map[string]struct {
		query string
		edit  func(*http.Request)
	}{
		"all of them in a form": {"", form(withCiphertext)},
		"only the nonce in a form": {
			"msg_signature=" + p.Signature + "&timestamp=" + p.Timestamp, form(url.Values{"nonce": {p.Nonce}}),
		},
		"all of them in headers": {"", func(r *http.Request) {
			for name, values := range signed {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
		}},
		"a form parsed by a middleware before us": {"", func(r *http.Request) {
			r.Form, r.PostForm = signed, signed
		}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, func() *http.Request {
				r := p.requestWithQuery(row.query)
				row.edit(r)
				return r
			})
		})
	}
}

func TestQ10_OtherMethods(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodTrace, http.MethodConnect, "get", "PROPFIND",
	} {
		for name, valid := range map[string]*push{
			"push":      newPush(command("change_auth")),
			"URL check": newURLCheck("1616140317555161061"),
		} {
			t.Run(method+" of a "+name, func(t *testing.T) {
				f := newFixture(t)
				body := &bodyTrap{}
				build := func() *http.Request {
					r := valid.request()
					r.Method, r.Body = method, body
					return r
				}

				w := f.do(build())
				require.Equal(t, http.StatusMethodNotAllowed, w.Code)
				require.Empty(t, w.Body.String())
				require.ElementsMatch(t, []string{"GET", "POST"}, splitList(w.Result().Header.Get("Allow")))
				require.Empty(t, f.handledNames())
				require.Zero(t, body.reads.Load(), "the body was read")

				err := f.serveError(build(), http.StatusMethodNotAllowed, openwork.ErrMethod)
				answer := openwork.ErrorResponse(err)
				require.ElementsMatch(t, []string{"GET", "POST"}, splitList(answer.Header.Get("Allow")))
			})
		}
	}
}

func TestQ11_GetWithABodyAndNoEcho(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	f := newFixture(t)
	body := &bodyTrap{Reader: strings.NewReader(p.Body)}
	build := func() *http.Request {
		r := p.request()
		r.Method, r.Body = http.MethodGet, body
		return r
	}
	f.requireRefused(http.StatusBadRequest, build())
	f.serveError(build(), http.StatusBadRequest, openwork.ErrMalformed)
	require.Zero(t, body.reads.Load(), "the body was read")
}

func TestQ12_URLCheckAnswersTheExactPlaintext(t *testing.T) {
	t.Parallel()
	for name, echo := range map[string]string{
		"digits, as WeCom sends":           "1616140317555161061",
		"one byte":                         "7",
		"64 letters and digits":            strings.Repeat("0123456789abcdefABCDEFGHIJKLMNOP", 2),
		"as long as a padding block takes": strings.Repeat("9", 12),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			p := newURLCheck(echo)
			w := f.do(p.request())
			require.Equal(t, http.StatusOK, w.Code, f.log.String())
			require.Equal(t, []byte(echo), w.Body.Bytes())
			require.Empty(t, f.handledNames())

			resp, err := f.Serve(p.request())
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, []byte(echo), resp.Body)
		})
	}
	t.Run("over HTTP", func(t *testing.T) {
		site := httptest.NewServer(newFixture(t))
		defer site.Close()
		resp, err := http.Get(site.URL + "/?" + newURLCheck("1616140317555161061").parts().RawQuery)
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "1616140317555161061", string(body))
	})
}

func TestQ13_PlusInEchoDecodedToABlank(t *testing.T) {
	t.Parallel()
	p := newURLCheck("1616140317555161061")
	for p.Encrypt = ""; !strings.Contains(p.Encrypt, "+"); {
		p.Encrypt = refSeal(testKey, []byte(p.Plaintext), testProvider)
	}
	blanked := strings.ReplaceAll(p.Encrypt, "+", " ")
	signedAsSent := p.parts()
	signedAsBlanked := *p
	signedAsBlanked.Signature = refSign(testToken, p.Timestamp, p.Nonce, blanked)

	rows := map[string]struct {
		p    *push
		echo string
	}{
		"a bare plus":                       {signedAsSent, strings.ReplaceAll(url.QueryEscape(p.Encrypt), "%2B", "+")},
		"an escaped blank":                  {signedAsSent, strings.ReplaceAll(url.QueryEscape(p.Encrypt), "%2B", "%20")},
		"a blank that the signature covers": {&signedAsBlanked, url.QueryEscape(blanked)},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, func() *http.Request {
				return row.p.requestWithQuery(row.p.signedQuery() + "&echostr=" + row.echo)
			})
		})
	}
	t.Run("the same echo, escaped as it should be", func(t *testing.T) {
		require.Equal(t, http.StatusOK, newFixture(t).do(p.request()).Code)
	})
}

func TestQ14_ReceiveIDOfTheURLCheck(t *testing.T) {
	t.Parallel()
	allowOnly := func(corps ...string) func(*openwork.Config) {
		return func(cfg *openwork.Config) {
			cfg.AllowCorp = func(_ context.Context, corpID string) (bool, error) {
				for _, corp := range corps {
					if corpID == corp {
						return true, nil
					}
				}
				return false, nil
			}
		}
	}
	const plainCorp = "ww00000000customer"
	rows := []struct {
		name      string
		receiveID string
		edit      func(*openwork.Config)
		status    int
	}{
		{"the suite id", testSuiteID, allowOnly(), http.StatusOK},
		{"the provider's corpid", testProvider, allowOnly(), http.StatusOK},
		{"a corp that AllowCorp accepts", testCorp, allowOnly(testCorp), http.StatusOK},
		{"a corp that AllowCorp refuses", testCorp, allowOnly("wpanother"), http.StatusForbidden},
		{"an encrypted corpid while AllowCorp is nil", testCorp, nil, http.StatusOK},
		{"a plain corpid while AllowCorp is nil", plainCorp, nil, http.StatusForbidden},
		{"a plain corpid, without a SuiteID", plainCorp, func(cfg *openwork.Config) { cfg.SuiteID = "" }, http.StatusOK},
		{"an encrypted corpid, without a SuiteID", testCorp, func(cfg *openwork.Config) { cfg.SuiteID = "" }, http.StatusOK},
		{"one letter", "a", nil, http.StatusForbidden},
		{"one letter, without a SuiteID", "a", func(cfg *openwork.Config) { cfg.SuiteID = "" }, http.StatusForbidden},
		{"a corp, and AllowCorp does not answer", testCorp, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(ctx context.Context, _ string) (bool, error) { <-ctx.Done(); return true, ctx.Err() }
		}, http.StatusInternalServerError},
		{"empty", "", nil, http.StatusForbidden},
		{"empty, though AllowCorp takes anything", "", allowOnly(""), http.StatusForbidden},
		{"empty, for an app owned by an individual", "", func(cfg *openwork.Config) { cfg.AllowEmptyReceiveID = true },
			http.StatusOK},
		{"a corp whose look-up fails", testCorp, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return true, errors.New("database is away") }
		}, http.StatusInternalServerError},
		{"the suite id in capitals", strings.ToUpper(testSuiteID), allowOnly(), http.StatusForbidden},
		{"the beginning of the suite id", testSuiteID[:10], allowOnly(), http.StatusForbidden},
		{"the suite id and a NUL", testSuiteID + "\x00", allowOnly(), http.StatusForbidden},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			edit := row.edit
			if edit == nil {
				edit = func(*openwork.Config) {}
			}
			f := newFixture(t, edit)
			r := newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = row.receiveID })
			if row.status != http.StatusOK {
				f.requireRefused(row.status, r.request())
				return
			}
			w := f.do(r.request())
			require.Equal(t, row.status, w.Code, f.log.String())
			require.Equal(t, "1616140317555161061", w.Body.String())
		})
	}
	t.Run("the log names the id that came, and what to do", func(t *testing.T) {
		f := newFixture(t)
		f.requireRefused(http.StatusForbidden, newURLCheck("1", func(p *push) { p.ReceiveID = plainCorp }).request())
		for _, words := range []string{"got=" + plainCorp, "Config.ProviderCorpID", "Config.AllowCorp"} {
			require.Contains(t, f.log.String(), words)
		}
		f = newFixture(t, func(cfg *openwork.Config) { cfg.SuiteID = "" })
		require.Equal(t, http.StatusOK, f.do(newURLCheck("1", func(p *push) { p.ReceiveID = plainCorp }).request()).Code)
		require.Contains(t, f.log.String(), "level=WARN")
		require.Contains(t, f.log.String(), "receive_id="+plainCorp)
		f = newFixture(t, func(cfg *openwork.Config) { cfg.SuiteID = "" })
		require.Equal(t, http.StatusOK, f.do(newURLCheck("1").request()).Code)
		require.NotContains(t, f.log.String(), "level=WARN", "it is for ProviderCorpID")
	})
	t.Run("an empty SuiteID or ProviderCorpID matches nothing", func(t *testing.T) {
		f := newFixture(t, allowOnly(), func(cfg *openwork.Config) { cfg.SuiteID = "" })
		f.requireRefused(http.StatusForbidden, newURLCheck("1", func(p *push) { p.ReceiveID = "" }).request())
		f = newFixture(t, allowOnly(), func(cfg *openwork.Config) { cfg.ProviderCorpID = "" })
		f.requireRefused(http.StatusForbidden, newURLCheck("1", func(p *push) { p.ReceiveID = "" }).request())
	})
}

func TestQ15_PostThatAlsoCarriesAnEcho(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *openwork.Config) { c.NoDedupe = true })
	p := newPush(command("change_auth")).parts()
	echo := newURLCheck("1616140317555161061").parts()
	f.requireSuccess(p.requestWithQuery(p.RawQuery + "&echostr=" + url.QueryEscape(echo.Encrypt)))
	f.requireSuccess(p.requestWithQuery(p.RawQuery + "&echostr="))
	require.Equal(t, []string{"change_auth", "change_auth"}, f.handledNames())

	t.Run("the signature must be that of the body", func(t *testing.T) {
		f := newFixture(t)
		r := p.requestWithQuery(echo.signedQuery() + "&echostr=" + url.QueryEscape(echo.Encrypt))
		f.requireRefused(http.StatusForbidden, r)
	})
}

func TestQ16_URLCheckOfACapturedPush(t *testing.T) {
	t.Parallel()
	rows := map[string]struct{ plaintext, receiveID string }{
		"a suite_ticket":                 {ticketXML(testSuiteID, "ticket-1", testNow), testSuiteID},
		"a create_auth":                  {command("create_auth", "AuthCode", "auth-code-1"), testSuiteID},
		"a member's message":             {textMessage("hello"), testCorp},
		"a JSON push":                    {`{"SuiteId":"` + testSuiteID + `","InfoType":"change_auth"}`, testSuiteID},
		"a provider's push":              {document("ServiceCorpId", testProvider, "InfoType", "register_corp"), testProvider},
		"blanks before the root":         {"  \n" + command("change_auth"), testSuiteID},
		"a byte order mark":              {"\uFEFF" + command("change_auth"), testSuiteID},
		"something short with a bracket": {"<a/>", testSuiteID},
		"something short with a brace":   {"a{}", testSuiteID},
		"a control character":            {"16161403\n17555161061", testSuiteID},
		"text beyond ASCII":              {"回显", testSuiteID},
		"a DEL":                          {"1616140317555161061\x7f", testSuiteID},
		"257 bytes":                      {strings.Repeat("1", 257), testSuiteID},
		"nothing at all":                 {"", testSuiteID},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			p := newURLCheck(row.plaintext, func(p *push) { p.ReceiveID = row.receiveID })
			f.requireRefused(http.StatusForbidden, p.request())
			resp, err := f.Serve(p.request())
			require.Nil(t, resp)
			require.Equal(t, http.StatusForbidden, openwork.StatusCode(err))
		})
	}
}

// requireMalformed checks that a Server of the usual configuration, after edits, answers a request with a bare 400
// through ServeHTTP, and that Serve returns no response and an error that is ErrMalformed.
func requireMalformed(t *testing.T, build func() *http.Request, edits ...func(*openwork.Config)) {
	t.Helper()
	f := newFixture(t, edits...)
	f.requireRefused(http.StatusBadRequest, build())
	f.serveError(build(), http.StatusBadRequest, openwork.ErrMalformed)
}

// serveError checks that Serve returns no response, and an error of that status and kind, which it returns.
func (f *fixture) serveError(r *http.Request, status int, kind error) error {
	f.t.Helper()
	resp, err := f.Serve(r)
	require.Nil(f.t, resp)
	require.ErrorIs(f.t, err, kind)
	require.Equal(f.t, status, openwork.StatusCode(err))
	answer := openwork.ErrorResponse(err)
	require.Equal(f.t, status, answer.StatusCode)
	require.Empty(f.t, answer.Body)
	return err
}

// requestWithQuery is the push with another query, which may be empty.
func (p *push) requestWithQuery(rawQuery string) *http.Request {
	r := p.request()
	r.URL.RawQuery = rawQuery
	r.RequestURI = r.URL.RequestURI()
	return r
}

// requestWithBody is the push with another body, which may be empty.
func (p *push) requestWithBody(body string) *http.Request {
	r := p.request()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

// signedQuery is the query of a URL check without its echostr.
func (p *push) signedQuery() string {
	query, _, _ := strings.Cut(p.parts().RawQuery, "&echostr=")
	return query
}

// padQuery adds a foreign parameter that makes the query that long.
func padQuery(query string, length int) string {
	return query + "&p=" + strings.Repeat("a", length-len(query)-len("&p="))
}

// escapeAll percent-encodes every byte of a name.
func escapeAll(name string) string {
	var b strings.Builder
	for i := range len(name) {
		fmt.Fprintf(&b, "%%%02x", name[i])
	}
	return b.String()
}

func splitList(header string) []string {
	items := strings.Split(header, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// bodyTrap is a request body that counts how often, and how much of it, it was read.
type bodyTrap struct {
	io.Reader // empty unless set
	reads     atomic.Int64
	bytes     atomic.Int64
}

func (b *bodyTrap) Read(p []byte) (int, error) {
	b.reads.Add(1)
	if b.Reader == nil {
		return 0, io.EOF
	}
	n, err := b.Reader.Read(p)
	b.bytes.Add(int64(n))
	return n, err
}

func (b *bodyTrap) Close() error { return nil }
