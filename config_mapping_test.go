package alf_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/memorystore"
)

// A setting of the fetcher or the manager that alf.Config has no field for, or does not pass on, would silently have no
// effect: a new one fails here until it is passed on.
func TestConfig_EveryFieldOfTheFetcherAndTheManagerIsFilled(t *testing.T) {
	var cfg alf.Config
	whole := reflect.ValueOf(&cfg).Elem()
	fill(t, whole)
	tokens := alf.FetcherFunc(nil)
	for part, got := range map[string]reflect.Value{
		"fetcher.Config": reflect.ValueOf(cfg.FetcherConfig()), "manager.Config": reflect.ValueOf(cfg.ManagerConfig(tokens)),
	} {
		for i := range got.NumField() {
			name, value := got.Type().Field(i).Name, got.Field(i)
			if part == "manager.Config" && name == "Fetcher" {
				require.IsType(t, tokens, value.Interface())
				continue
			}
			if name == "Sharing" { // made of Store, StoreKey and whatever the token request depends on
				require.False(t, value.IsNil(), "Store is not passed on")
				continue
			}
			want := whole.FieldByName(name)
			require.True(t, want.IsValid(), "%s.%s has no counterpart in alf.Config", part, name)
			if name == "Endpoint" { // of a type of its own in each of the three
				require.False(t, value.IsNil(), "%s.%s is not passed on", part, name)
				continue
			}
			if value.Kind() == reflect.Func {
				require.Equal(t, want.UnsafePointer(), value.UnsafePointer(), "%s.%s", part, name)
				continue
			}
			require.True(t, same(want, value), "%s.%s is not passed on", part, name)
		}
	}
}

// fill sets every exported field to something other than its zero value.
func fill(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(t, v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf([]string{"v"}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Interface:
		for _, value := range []any{clock.NewMock(), http.RoundTripper(&http.Transport{}), constantFetcher(1), &fakeSource{}, new(memorystore.Store)} {
			if reflect.TypeOf(value).Implements(v.Type()) {
				v.Set(reflect.ValueOf(value))
				return
			}
		}
		t.Fatalf("no value for a %s", v.Type())
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// same compares like reflect.DeepEqual, which never finds two functions equal.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Func:
		return a.UnsafePointer() == b.UnsafePointer()
	case reflect.Pointer:
		return a.Pointer() == b.Pointer()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
