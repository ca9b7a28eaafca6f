package catalogue_test

import (
	"testing"

	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamed(t *testing.T) {
	events, err := catalogue.Events()
	require.NoError(t, err)
	for _, want := range events {
		got, err := catalogue.Named(want.Name)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, name := range []string{"", "no_such_event", "Create_Auth"} {
		got, err := catalogue.Named(name)
		require.NoError(t, err)
		assert.Nil(t, got, name)
	}
}

// A form of one's own goes before one for both, wherever it stands.
func TestEvent_FormFor(t *testing.T) {
	form := func(doc, apps string) catalogue.Form { return catalogue.Form{Doc: doc, Apps: apps} }
	for name, row := range map[string]struct {
		forms []catalogue.Form
		want  map[string]string // the document of the form, by app
	}{
		"one for both": {[]catalogue.Form{form("1", "both")}, map[string]string{"third_party": "1", "customized": "1"}},
		"two": {[]catalogue.Form{form("1", "third_party"), form("2", "customized")},
			map[string]string{"third_party": "1", "customized": "2"}},
		"both, and one's own": {[]catalogue.Form{form("1", "both"), form("2", "third_party")},
			map[string]string{"third_party": "2", "customized": "1"}},
		"the first of two": {[]catalogue.Form{form("1", "provider"), form("2", "provider")}, map[string]string{"provider": "1"}},
		"neither":          {[]catalogue.Form{form("1", "neither")}, nil},
		"none":             {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := &catalogue.Event{Forms: row.forms}
			for _, app := range []string{"third_party", "customized", "provider"} {
				got, ok := e.FormFor(app)
				assert.Equal(t, row.want[app], got.Doc, app)
				assert.Equal(t, row.want[app] != "", ok, app)
			}
		})
	}
}
