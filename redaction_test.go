package openwork_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hiddenText stands for whatever nobody may see.
const hiddenText = "s3cr3tValueThatNobodyMaySee"

// holder is a value of a type that holds secrets.
type holder struct {
	value   any
	secrets []string // hiddenText if there are none
	shows   string   // what it is shown as begins so
}

// holders are the exported types that hold secrets and show none, however they
// are printed, logged or marshalled. A name may have more words behind the
// type's.
func holders(t *testing.T) map[string]holder {
	t.Helper()
	ctx := t.Context()
	must := func(err error) { t.Helper(); require.NoError(t, err) }
	shown := []string{"Name", "SuiteID", "ProviderCorpID", "CorpID", "Key", "BaseURL"}
	filled := func(target any) any { return fill(target, shown...) }
	store := leakyStore{"openwork:" + hiddenText: hiddenText}

	f := newFixture(t, func(c *openwork.Config) {
		c.Previous = &openwork.Credentials{Token: hiddenText, EncodingAESKey: testKey}
		c.Tickets, c.Cache = store, store
	})
	must(f.Server.Tickets().PutTicket(ctx, testSuiteID, openwork.SuiteTicket{Value: hiddenText, Time: testNow}))
	keys := []string{hiddenText, testToken, testKey, string(refKey(testKey))}
	crypto, err := openwork.NewCrypto(hiddenText, testKey)
	must(err)

	p := newPush(document("ToUserName", testCorp, "FromUserName", hiddenText, "MsgType", "text", "Content", hiddenText, "AgentID", "1"),
		toCorp)
	whole := p.parts()
	message, err := f.DecryptedMessage(p.request())
	must(err)
	envelope, err := f.RequestMessage(p.request())
	must(err)

	config := openwork.ClientConfig{SuiteID: testSuiteID, SuiteSecret: hiddenText, ProviderCorpID: testProvider,
		ProviderSecret: hiddenText, Tickets: store, Cache: store, Claims: store}
	client, err := openwork.NewClient(config)
	must(err)
	tokens := openwork.CachedTokenConfig{Key: "it", Cache: store, Fetch: func(context.Context) (string, time.Duration, error) {
		return hiddenText, time.Hour, nil
	}}
	held, err := openwork.NewCachedToken(tokens)
	must(err)
	requireToken(t, held)
	dropped, err := openwork.NewCachedToken(tokens)
	must(err)
	must(dropped.Invalidate(ctx, hiddenText))
	provider, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{CorpID: testProvider, Secret: hiddenText, Cache: store})
	must(err)
	suite, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Secret: hiddenText, Tickets: store, Cache: store})
	must(err)
	corp, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: testCorp, PermanentCode: hiddenText, Suite: suite, Cache: store})
	must(err)

	memory := openwork.NewMemoryCache()
	must(memory.Set(ctx, "openwork:k", hiddenText, time.Hour))
	_, _, err = memory.Claim(ctx, "openwork:push:1", "me", time.Hour)
	must(err)
	must(memory.Done(ctx, "openwork:push:1", "me", hiddenText, time.Hour))
	queue := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
	must(queue.Enqueue(ctx, openwork.Delivery{App: "shop", Plaintext: []byte(hiddenText)}))
	mux := &openwork.Mux{}
	mux.Add("", f.Server)

	return map[string]holder{
		"Config":                       {value: filled(openwork.Config{}), shows: "openwork.Config{"},
		"Config that a Server has":     {value: filled(openwork.Config{Cache: memory}), shows: "openwork.Config{"},
		"Credentials":                  {value: filled(openwork.Credentials{}), shows: "openwork.Credentials{"},
		"ClientConfig":                 {value: filled(openwork.ClientConfig{}), shows: "openwork.ClientConfig{"},
		"ProviderAccessTokenConfig":    {value: filled(openwork.ProviderAccessTokenConfig{}), shows: "openwork.ProviderAccessTokenConfig{"},
		"SuiteAccessTokenConfig":       {value: filled(openwork.SuiteAccessTokenConfig{}), shows: "openwork.SuiteAccessTokenConfig{"},
		"CorpAccessTokenConfig":        {value: filled(openwork.CorpAccessTokenConfig{}), shows: "openwork.CorpAccessTokenConfig{"},
		"CachedTokenConfig":            {value: filled(openwork.CachedTokenConfig{}), shows: "openwork.CachedTokenConfig{"},
		"Envelope":                     {value: filled(openwork.Envelope{}), shows: "openwork.Envelope{"},
		"Envelope as received":         {value: *envelope, shows: "openwork.Envelope{", secrets: []string{whole.Encrypt, whole.Signature, whole.Nonce}},
		"Message":                      {value: *message, shows: "openwork.Message{"},
		"Crypto":                       {value: crypto, shows: "openwork.Crypto{", secrets: keys},
		"Server":                       {value: f.Server, shows: "openwork.Server{", secrets: keys},
		"Client":                       {value: client, shows: "openwork.Client{"},
		"CachedToken":                  {value: held, shows: "openwork.CachedToken{"},
		"CachedToken that was dropped": {value: dropped, shows: "openwork.CachedToken{"},
		"Reply":                        {value: openwork.Text(hiddenText), shows: "openwork.Reply{text}"},
		"Reply of XML": {value: openwork.XML(struct {
			XMLName          xml.Name `xml:"xml"`
			MsgType, Content string
		}{MsgType: "x", Content: hiddenText}), shows: "openwork.Reply{XML}"},
		"TicketStore of a Server": {value: f.Tickets(), shows: "openwork.TicketStore{"},
		"TicketStore of a Cache":  {value: openwork.TicketsIn(store), shows: "openwork.TicketStore{"},
		"ProviderAccessToken":     {value: provider, shows: "openwork.CachedToken{"},
		"SuiteAccessToken":        {value: suite, shows: "openwork.CachedToken{"},
		"CorpAccessToken":         {value: corp, shows: "openwork.CachedToken{"},
		"Caller":                  {value: client.Suite().Caller, shows: "openwork.Caller{"},
		"SuiteClient":             {value: client.Suite(), shows: "openwork.Caller{"},
		"ProviderClient":          {value: client.Provider(), shows: "openwork.Caller{"},
		"CorpClient":              {value: client.Corp(testCorp), shows: "openwork.Caller{"},
		"MemoryCache":             {value: memory, shows: "openwork.MemoryCache{"},
		"MemoryQueue":             {value: queue, shows: "openwork.MemoryQueue{"},
		"Mux":                     {value: mux, shows: "openwork.Mux{"},
	}
}

// storedTypes hold secrets too. They are printed and logged like the others,
// but marshal in full: users keep them in their databases and queues. Their
// documentation says so.
func storedTypes() map[string]any {
	return map[string]any{
		"SuiteTicket":   fill(openwork.SuiteTicket{}),
		"Authorization": fill(openwork.Authorization{}, "CorpID", "CorpName"),
		"Delivery":      fill(openwork.Delivery{}, "App", "CorpID", "Name"),
		"PreAuthCode":   fill(openwork.PreAuthCode{}),
	}
}

// openTypes hold no secrets.
var openTypes = []string{
	// what users configure and send
	"MemoryQueueConfig", "SessionInfo", "Article",
	// what is said of pushes and calls
	"APIError", "RefusedError", "Observation", "Outcome", "Attempt", "Check", "Health", "Response",
	// the parts of an Authorization that are not its secrets, and what pages
	// and administrators are shown
	"AuthCorpInfo", "CorpExName", "StringList", "AuthUserInfo", "AuthInfo", "Agent", "Privilege", "SharedFrom", "DealerCorpInfo",
	"RegisterCodeInfo", "EditionInfo", "Edition", "Admin", "CustomizedAuthURL", "JSSignature",
}

func TestO12_HoldersShowNoSecret(t *testing.T) {
	t.Parallel()
	for name, h := range holders(t) {
		t.Run(name, func(t *testing.T) {
			for way, text := range everyWay(h.value) {
				requireHidden(t, way, text, h.secrets...)
			}
			direct := everyWay(h.value)
			for _, way := range []string{"%v of it", "%+v of it", "%#v of it", "%s of it", "%d of it", "%s of a struct with it"} {
				assert.Contains(t, direct[way], h.shows, way)
			}
			if !hasFields(h.value) {
				return
			}
			for _, way := range []string{"json.Marshal of it", "json.Marshal of a struct with it", "slog's JSON of a slice of it", "xml.Marshal of it"} {
				assert.Contains(t, direct[way], h.shows, way)
			}
		})
	}
}

// hasFields tells whether encoders would find anything in a value, or something
// that they cannot encode.
func hasFields(value any) bool {
	t := reflect.TypeOf(value)
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.IsExported() && !f.Anonymous
	})
}

// A Message is logged in parts, to be searched for.
func TestMessage_IsLoggedAsAGroup(t *testing.T) {
	t.Parallel()
	msg, err := newFixture(t).DecryptedMessage(newPush(command("create_auth", "AuthCode", hiddenText)).request())
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "msg", msg)
	for _, part := range []string{"msg.app=" + testSuiteID, "msg.name=create_auth", "msg.corp=" + testCorp, "msg.time=", "msg.bytes="} {
		assert.Contains(t, log.String(), part)
	}
}

// slog asks what it logs how to log it, but marshals what is inside that: the
// documentation says so.
func TestO12_StoredTypesAreShownToMarshallersOnly(t *testing.T) {
	t.Parallel()
	for name, value := range storedTypes() {
		t.Run(name, func(t *testing.T) {
			for way, text := range everyWay(value) {
				asked := way == "slog's JSON of it" || way == "slog's JSON of a pointer to it"
				inFull := strings.HasPrefix(way, "json.Marshal") || strings.HasPrefix(way, "slog's JSON") && !asked
				switch {
				case strings.HasPrefix(way, "xml.Marshal"): // in full, or not at all
				case inFull:
					assert.True(t, shows(text, hiddenText), "%s: %s", way, text)
				default:
					requireHidden(t, way, text)
				}
			}
			text, err := json.Marshal(value)
			require.NoError(t, err)
			stored := reflect.New(reflect.TypeOf(value))
			require.NoError(t, json.Unmarshal(text, stored.Interface()))
			again, err := json.Marshal(stored.Interface())
			require.NoError(t, err)
			assert.Equal(t, string(text), string(again), "nothing is lost on the way")

			doc := strings.Join(strings.Fields(typesOfPackage(t)[name].Doc.Text()), " ")
			assert.Contains(t, doc, "marshals in full")
			if name != "PreAuthCode" {
				assert.Contains(t, doc, "slog.JSONHandler")
			}
		})
	}
}

// No exported type is forgotten: each is in one of the lists above. If this
// test fails for a new type, ask whether it can hold a Token, key, ticket,
// token, secret, code, or the content of a push, in itself or in what it refers
// to.
func TestO12_EveryTypeIsListed(t *testing.T) {
	t.Parallel()
	listed := slices.Clone(openTypes)
	listed = append(listed, slices.Collect(maps.Keys(storedTypes()))...)
	for name := range holders(t) {
		if first, _, more := strings.Cut(name, " "); !more {
			listed = append(listed, first)
		}
	}
	for name, spec := range typesOfPackage(t) {
		switch spec.Type.(type) {
		case *ast.InterfaceType, *ast.FuncType: // hold nothing
			continue
		}
		if !strings.Contains(name, "Card") { // what members see
			assert.Contains(t, listed, name)
		}
	}
	for _, name := range listed {
		assert.Contains(t, typesOfPackage(t), name)
	}
}

// An id of WeCom's is an int64: on small machines an int has 32 bits, and a
// larger id becomes 0.
func TestTypes_IntsAreNoIDs(t *testing.T) {
	t.Parallel()
	small := []string{ // counts and enumerations
		"APIError.Code", "SessionInfo.AuthType", "AuthCorpInfo.CorpUserMax", "AuthCorpInfo.CorpAgentMax", "AuthCorpInfo.SubjectType",
		"Agent.AuthMode", "Privilege.Level", "SharedFrom.ShareType", "Edition.AppStatus", "Edition.UserLimit", "Admin.AuthType",
		"Config.MaxInFlight", "Attempt.Number", "Attempt.Most", "Observation.Attempt", "Response.StatusCode", "MemoryQueueConfig.Capacity", "MemoryQueueConfig.Workers",
		"MemoryQueueConfig.Attempts", "Observation.Status", "Observation.QueueDepth", "Health.QueueDepth", "Health.InFlight",
	}
	for name, spec := range typesOfPackage(t) {
		fields, ok := spec.Type.(*ast.StructType)
		if !ok || strings.Contains(name, "Card") { // whose numbers are all choices
			continue
		}
		for _, field := range fields.Fields.List {
			kind := field.Type
			if list, ok := kind.(*ast.ArrayType); ok {
				kind = list.Elt
			}
			if ident, ok := kind.(*ast.Ident); !ok || !slices.Contains([]string{"int", "uint", "int32", "uint32"}, ident.Name) {
				continue
			}
			for _, id := range field.Names {
				if id.IsExported() {
					assert.Contains(t, small, name+"."+id.Name, "an id? then it is an int64")
				}
			}
		}
	}
}

// A value that does not fit its field may be a secret: the error says so much,
// and not what it is.
func TestDecode_ErrorShowsNoValue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	msg, err := f.DecryptedMessage(newPush(command("create_auth", "AuthCode", hiddenText)).request())
	require.NoError(t, err)
	for name, into := range map[string]any{
		"a number":   &struct{ AuthCode int }{},
		"a float":    &struct{ AuthCode float64 }{},
		"a bool":     &struct{ AuthCode bool }{},
		"a time":     &struct{ AuthCode time.Time }{},
		"of its own": &struct{ AuthCode pickyText }{},
	} {
		err := msg.Decode(into)
		require.ErrorContains(t, err, "create_auth", name)
		for ; err != nil; err = unwrapOne(err) {
			requireHidden(t, name, fmt.Sprintf("%v %+v %#v %s %q %x %d", err, err, err, err, err, err, err))
		}
	}
	err = msg.Decode(&struct{ AuthCode pickyText }{})
	require.ErrorIs(t, err, errPicky, "what it is can still be found")
	var told *pickyError
	require.NotErrorAs(t, err, &told, "but not the error itself, which has the value")
	err = msg.Decode(&struct {
		XMLName xml.Name `xml:"other"`
	}{})
	require.ErrorContains(t, err, "<other>", "what speaks of the struct is shown")
}

// pickyText is a field that likes no text and says so in full.
type pickyText struct{}

type pickyError struct{ text string }

var errPicky = &pickyError{}

func (e pickyError) Error() string                { return "cannot take " + e.text }
func (e *pickyError) Is(target error) bool        { return target == errPicky }
func (pickyText) UnmarshalText(text []byte) error { return &pickyError{string(text)} }

func unwrapOne(err error) error {
	if e, ok := err.(interface{ Unwrap() error }); ok {
		return e.Unwrap()
	}
	return nil
}

// everyWay is how a value looks in every way of printing, logging and
// marshalling, by itself and inside others. The names end with what was shown.
func everyWay(value any) map[string]string {
	t := reflect.TypeOf(value)
	v := reflect.ValueOf(value)
	pointer := reflect.New(t)
	pointer.Elem().Set(v)
	in := func(t reflect.Type, v reflect.Value) any {
		s := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: t}})).Elem()
		s.Field(0).Set(v)
		return s.Interface()
	}
	list := func(t reflect.Type, v reflect.Value) reflect.Value {
		return reflect.Append(reflect.MakeSlice(reflect.SliceOf(t), 0, 1), v)
	}
	table := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), t))
	table.SetMapIndex(reflect.ValueOf("k"), v)
	anything := reflect.TypeFor[any]()

	ways := map[string]string{}
	for what, shown := range map[string]any{
		"it":                              value,
		"a pointer to it":                 pointer.Interface(),
		"a struct with it":                in(t, v),
		"a struct with a pointer":         in(pointer.Type(), pointer),
		"a struct with it as any":         in(anything, v),
		"a slice of it":                   list(t, v).Interface(),
		"a slice of pointers":             list(pointer.Type(), pointer).Interface(),
		"a slice of any":                  []any{value, pointer.Interface()},
		"a map of it":                     table.Interface(),
		"a map of any":                    map[string]any{"k": value},
		"a struct with a slice of it":     in(reflect.SliceOf(t), list(t, v)),
		"a pointer to a struct with it":   &struct{ V any }{in(t, v)},
		"a struct with a struct with any": struct{ V struct{ V any } }{struct{ V any }{value}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%c", "%U", "%b", "%o", "%t", "%e", "%T"} {
			ways[verb+" of "+what] = fmt.Sprintf(verb, shown)
		}
		ways["Sprint of "+what] = fmt.Sprint(shown)
		ways["Sprintln of "+what] = fmt.Sprintln("x", shown)
		ways["an error of "+what] = fmt.Errorf("failed: %v", shown).Error()
		for name, marshal := range map[string]func(any) ([]byte, error){
			"json.Marshal of ": json.Marshal,
			"json.MarshalIndent of ": func(v any) ([]byte, error) {
				return json.MarshalIndent(v, "", " ")
			},
			"xml.Marshal of ": xml.Marshal,
		} {
			text, err := marshal(shown)
			if err != nil {
				text = []byte(err.Error())
			}
			ways[name+what] = string(text)
		}
		for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog's text of ": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog's JSON of ": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).With("with", shown).WithGroup("g").Info("x", "it", shown, slog.Group("h", "it", shown))
			ways[name+what] = b.String()
		}
	}
	return ways
}

// requireHidden looks for secrets in whatever form a verb or a marshaller may
// give them.
func requireHidden(t *testing.T, way, text string, secrets ...string) {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{hiddenText}
	}
	for _, secret := range secrets {
		require.False(t, shows(text, secret), "%s: %s", way, text)
	}
}

func shows(text, secret string) bool {
	bytes := []byte(secret)
	numbers := func(format string) string { return strings.Trim(fmt.Sprintf(format, bytes), "[]") }
	quoted := fmt.Sprintf("%q", secret)
	for _, form := range []string{secret, quoted[1 : len(quoted)-1], hex.EncodeToString(bytes), numbers("%d"), numbers("%o"), numbers("%b"),
		numbers("% x"), numbers("%U"), numbers("%c"), strings.Join(strings.Fields(numbers("%d")), ", "), base64.StdEncoding.EncodeToString(bytes)} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

// fill gives every exported field of a struct that can hold text, and those of
// its parts, hiddenText; those named in shown get "shown". Stores are filled
// too.
func fill(value any, shown ...string) any {
	v := reflect.New(reflect.TypeOf(value)).Elem()
	v.Set(reflect.ValueOf(value))
	fillValue(v, hiddenText, shown)
	return v.Interface()
}

func fillValue(v reflect.Value, text string, shown []string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0), text, shown)
	case reflect.Pointer:
		if v.Type().Elem().PkgPath() == reflect.TypeFor[openwork.Config]().PkgPath() {
			v.Set(reflect.New(v.Type().Elem()))
			fillValue(v.Elem(), text, shown)
		}
	case reflect.Interface:
		if store := reflect.ValueOf(leakyStore{"openwork:k": text}); v.IsNil() && store.Type().Implements(v.Type()) {
			v.Set(store)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch field := v.Type().Field(i); {
			case !field.IsExported() || field.Type == reflect.TypeFor[json.RawMessage]():
			case slices.Contains(shown, field.Name):
				fillValue(v.Field(i), "shown", shown)
			default:
				fillValue(v.Field(i), text, shown)
			}
		}
	}
}

// leakyStore is a user's store of every kind, and a map: printing what refers
// to it shows what is in it.
type leakyStore map[string]string

func (leakyStore) Get(context.Context, string) (string, bool, error)                 { return "", false, nil }
func (leakyStore) Set(context.Context, string, string, time.Duration) error          { return nil }
func (leakyStore) Delete(context.Context, string) error                              { return nil }
func (leakyStore) Done(context.Context, string, string, string, time.Duration) error { return nil }
func (leakyStore) Release(context.Context, string, string) error                     { return nil }
func (leakyStore) Claim(context.Context, string, string, time.Duration) (int, string, error) {
	return openwork.ClaimTaken, "", nil
}
func (leakyStore) PutTicket(context.Context, string, openwork.SuiteTicket) error { return nil }
func (leakyStore) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{}, openwork.ErrNoSuiteTicket
}
func (leakyStore) Token(context.Context) (string, error)            { return hiddenText, nil }
func (leakyStore) Invalidate(context.Context, string) error         { return nil }
func (leakyStore) Enqueue(context.Context, openwork.Delivery) error { return nil }
func (leakyStore) RoundTrip(*http.Request) (*http.Response, error)  { return nil, http.ErrNotSupported }

// typesOfPackage is the exported types of the package, with their
// documentation.
func typesOfPackage(t *testing.T) map[string]*ast.TypeSpec {
	t.Helper()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	found := map[string]*ast.TypeSpec{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			types, ok := declaration.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				spec := spec.(*ast.TypeSpec)
				if spec.Doc == nil {
					spec.Doc = types.Doc
				}
				if spec.Name.IsExported() {
					found[spec.Name.Name] = spec
				}
			}
		}
	}
	require.NotEmpty(t, found)
	return found
}
