package event_test

import (
	"strings"
	"testing"

	"github.com/openwork-go/openwork/event"
	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for _, row := range []struct{ first, second, wantFirst, wantSecond string }{
		{"click", "", "click", ""},
		{"CLICK", "", "click", ""},
		{"location", "", "LOCATION", ""},
		{"change_contact", "create_user", "change_contact", "create_user"},
		{"Change_Contact", "CREATE_USER", "change_contact", "create_user"},
		{"change_school_contact", "create_deparmtment", "change_school_contact", "create_department"},
		{"Change_School_Contact", "Delete_Deparmtment", "change_school_contact", "delete_department"},
		{"Message", "TEXT", "message", "text"},
		// A family is known, what has changed is not.
		{"CHANGE_CONTACT", "Brand_New", "change_contact", "Brand_New"},
		{"CHANGE_CONTACT", "", "change_contact", ""},
		{"Create_Auth", "Create_User", "create_auth", "Create_User"},
		{"CHANGE_CONTACT", "create_deparmtment", "change_contact", "create_deparmtment"},
		// Nothing is known.
		{"", "", "", ""},
		{"", "Create_User", "", "Create_User"},
		{"Brand_New", "Create_User", "Brand_New", "Create_User"},
		{"CLICK ", "", "CLICK ", ""},
		{"CLIC\u212a", "", "CLIC\u212a", ""}, // the sign for kelvin, whose lower case is k
		// A point is none of a part's.
		{"CHANGE_CONTACT.create_user", "", "CHANGE_CONTACT.create_user", ""},
		{"change_contact.", "create_user", "change_contact.", "create_user"},
		{"CLICK", ".", "click", "."},
		{"CHANGE_CONTACT", "create_user.", "change_contact", "create_user."},
		// However long.
		{long, "create_user", long, "create_user"},
		{"CHANGE_CONTACT", long, "change_contact", long},
	} {
		first, second := event.Canonical(row.first, row.second)
		require.Equal(t, [2]string{row.wantFirst, row.wantSecond}, [2]string{first, second}, "%.70q, %.70q", row.first, row.second)
	}
}

// Every name and every other spelling, in every case.
func TestCanonical_WholeCatalogue(t *testing.T) {
	t.Parallel()
	for _, e := range events(t) {
		wantFirst, wantSecond := e.Parts()
		for _, name := range append([]string{e.Name}, e.Aliases...) {
			for _, written := range []string{name, strings.ToUpper(name), strings.ToLower(name)} {
				first, second, _ := strings.Cut(written, ".")
				first, second = event.Canonical(first, second)
				require.Equal(t, [2]string{wantFirst, wantSecond}, [2]string{first, second}, written)
				require.NotNil(t, event.New(written), written)
				require.Equal(t, e.Name, event.New(written).EventName())
			}
		}
	}
}

// It is done for every push, and strangers choose the names.
func TestCanonical_AllocatesNothing(t *testing.T) {
	long := strings.Repeat("X", 1<<20)
	for _, name := range [][2]string{{"change_contact", "create_user"}, {"CHANGE_CONTACT", "Create_User"}, {"Brand_New", "Brand_New"},
		{"CHANGE_CONTACT", long}, {long, long}} {
		require.Zero(t, testing.AllocsPerRun(100, func() { event.Canonical(name[0], name[1]) }), "%.20q", name)
	}
}

func BenchmarkCanonical(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		event.Canonical("change_contact", "create_user")
	}
}
