select :a, e'\':b', "q"":c", $t$ :d $t$ /* :e /* */ */ -- :f
, x::date, l[1:2]; select ':g' || :größe