package explore_test
import ("testing";"os";"fmt";"time";"context";"github.com/alf-go/alf/internal/simulation/explore")
func TestDbg(t *testing.T){ for _,w:=range append(explore.Worlds(),explore.LargeWorlds()...){ if os.Getenv("W")!="" && w.Name!=os.Getenv("W"){continue}
 ctx,cancel:=context.WithTimeout(context.Background(),20*time.Second); st:=time.Now(); r,err:=explore.Explore(ctx,w,nil); cancel(); fmt.Println(w.Name,r.States,r.Transitions,r.Depth,time.Since(st).Round(time.Millisecond),err); if r.Violation!=nil{fmt.Println(r.Violation)}}}
