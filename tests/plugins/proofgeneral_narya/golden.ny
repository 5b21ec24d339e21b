{` Trits, their sum in GF(3), and logs that are chains.
   An equality `Id A x y` holds by `refl` exactly if both sides compute to the same. `}

def trit : Type ≔ data [ minus. | zero. | plus. ]

def add (a b : trit) : trit ≔ match a, b [
| zero. , b ↦ b
| minus. , zero. ↦ minus.
| minus. , minus. ↦ plus.
| minus. , plus. ↦ zero.
| plus. , zero. ↦ plus.
| plus. , minus. ↦ zero.
| plus. , plus. ↦ minus.
]

def log : Type ≔ data [ nil. | cons. (_ : trit) (_ : log) ]

def sum (l : log) : trit ≔ match l [
| nil. ↦ zero.
| cons. t rest ↦ add t (sum rest)
]

{` Adding to equal logs an equal entry gives equal logs: a chain is determined by its entries. `}
def chain_determined (t : trit) (l m : log) (same : Id log l m)
  : Id log (cons. t l) (cons. t m)
  ≔ refl ((k ↦ cons. t k) : log → log) l m same

{` A hash that is a function gives equal hashes to equal logs, whatever it is. `}
def hash_determined (H : Type) (hash : log → H) (l m : log) (same : Id log l m)
  : Id H (hash l) (hash m)
  ≔ refl hash l m same

def this_log : log ≔
  (cons. plus.
  (cons. zero.
  (cons. minus.
  (cons. plus.
  (cons. zero.
  (cons. minus. nil.))))))

def this_log_sums : Id trit (sum this_log) zero.
  ≔ refl (zero. : trit)
